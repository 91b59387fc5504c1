/// Cuts a terminal's input into characters, controls and escape sequences (the states of DEC's parser, as ECMA-48 and
/// xterm need them), whatever pieces it arrives in.
struct EscapeParser {
  enum Token: Equatable {
    case character(Unicode.Scalar)
    /// A C0 control, also from within a sequence.
    case control(UInt8)
    /// ESC, intermediate bytes, a final byte.
    case escape(intermediates: [UInt8], final: UInt8)
    /// CSI with its private mark (`?`, `>`, …), parameters (nil where left out), intermediates and final byte.
    case csi(mark: UInt8?, parameters: [Int?], intermediates: [UInt8], final: UInt8)
    /// OSC, DCS, APC, PM and SOS: their bytes.
    case string(kind: UInt8, bytes: [UInt8])
  }

  private enum State { case ground, escape, csi, string, stringEscape }

  private var state = State.ground
  private var intermediates: [UInt8] = []
  private var mark: UInt8?
  private var parameters: [Int?] = []
  private var kind: UInt8 = 0
  private var text: [UInt8] = []
  // A UTF-8 character under way.
  private var partial: UInt32 = 0
  private var missing = 0
  private var least: UInt32 = 0

  /// Nothing is half read.
  var isIdle: Bool { state == .ground && missing == 0 }

  mutating func feed(_ byte: UInt8, _ emit: (Token) -> Void) {
    switch state {
    case .ground: ground(byte, emit)
    case .escape: escape(byte, emit)
    case .csi: csi(byte, emit)
    case .string: string(byte, emit)
    case .stringEscape:
      emit(.string(kind: kind, bytes: text))
      state = .escape
      begin()
      // ESC \ ends a string; any other byte begins a new sequence.
      if byte == 0x5c { state = .ground } else { escape(byte, emit) }
    }
  }

  private mutating func begin() {
    intermediates = []
    mark = nil
    parameters = []
    text = []
  }

  private mutating func ground(_ byte: UInt8, _ emit: (Token) -> Void) {
    if missing > 0 {
      if byte & 0xc0 == 0x80 {
        partial = partial << 6 | UInt32(byte & 0x3f)
        missing -= 1
        if missing == 0 {
          emit(.character(partial >= least ? Unicode.Scalar(partial) ?? "\u{fffd}" : "\u{fffd}"))
        }
        return
      }
      missing = 0
      emit(.character("\u{fffd}"))
    }
    switch byte {
    case 0x1b:
      begin()
      state = .escape
    case 0x00..<0x20, 0x7f: emit(.control(byte))
    case 0x20..<0x80: emit(.character(Unicode.Scalar(byte)))
    case 0xc2...0xdf: expect(1, UInt32(byte & 0x1f), least: 0x80)
    case 0xe0...0xef: expect(2, UInt32(byte & 0x0f), least: 0x800)
    case 0xf0...0xf4: expect(3, UInt32(byte & 0x07), least: 0x10000)
    default: emit(.character("\u{fffd}"))
    }
  }

  private mutating func expect(_ count: Int, _ bits: UInt32, least: UInt32) {
    missing = count
    partial = bits
    self.least = least
  }

  /// True if the byte was a control that acts in the middle of a sequence, or one that ends it.
  private mutating func interrupts(_ byte: UInt8, _ emit: (Token) -> Void) -> Bool {
    switch byte {
    case 0x18, 0x1a: state = .ground
    case 0x1b:
      begin()
      state = .escape
    case 0x00..<0x20: emit(.control(byte))
    case 0x7f: break
    default: return false
    }
    return true
  }

  private mutating func escape(_ byte: UInt8, _ emit: (Token) -> Void) {
    if interrupts(byte, emit) { return }
    switch byte {
    case 0x20..<0x30: intermediates.append(byte)
    case UInt8(ascii: "[") where intermediates.isEmpty: state = .csi
    case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"), UInt8(ascii: "X"):
      guard intermediates.isEmpty else { fallthrough }
      kind = byte
      state = .string
    default:
      state = .ground
      emit(.escape(intermediates: intermediates, final: byte))
    }
  }

  private mutating func csi(_ byte: UInt8, _ emit: (Token) -> Void) {
    if interrupts(byte, emit) { return }
    switch byte {
    case 0x30..<0x3a:
      if parameters.isEmpty { parameters = [nil] }
      let last = parameters.count - 1
      parameters[last] = min(99_999, (parameters[last] ?? 0) * 10 + Int(byte - 0x30))
    case UInt8(ascii: ";"), UInt8(ascii: ":"):
      if parameters.isEmpty { parameters = [nil] }
      parameters.append(nil)
    case 0x3c..<0x40: mark = byte
    case 0x20..<0x30: intermediates.append(byte)
    default:
      state = .ground
      emit(.csi(mark: mark, parameters: parameters, intermediates: intermediates, final: byte))
    }
  }

  private mutating func string(_ byte: UInt8, _ emit: (Token) -> Void) {
    switch byte {
    case 0x07:
      state = .ground
      emit(.string(kind: kind, bytes: text))
    case 0x18, 0x1a: state = .ground
    case 0x1b: state = .stringEscape
    default: text.append(byte)
    }
  }
}

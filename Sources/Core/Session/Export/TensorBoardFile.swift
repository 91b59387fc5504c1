import Base
import Checkpoint
import Foundation

/// A session's numbers as a TensorBoard event file: TFRecords of `tensorflow.Event` messages, written by hand because
/// the format is a page long (tensorflow/core/util/event.proto, lib/io/record_writer.h).
public enum TensorBoardFile {
  /// - Parameter folder: the log folder to point TensorBoard at; made where it is missing.
  /// - Returns: the file's path.
  /// - Throws: `SessionError.unwritable`.
  public static func write(_ table: MetricTable, name: String, to folder: String) throws -> String {
    let begin = table.rows.first?.time ?? Date(timeIntervalSince1970: 0)
    let path = "\(folder)/\(prefix)\(Int(begin.timeIntervalSince1970)).\(name)\(suffix)"
    var bytes = record(event(time: begin, step: nil, body: field(3, Array("brain.Event:2".utf8))))
    for row in table.rows {
      var summary: [UInt8] = []
      for (column, value) in row.values.sorted(by: { $0.key < $1.key }) {
        // Value { tag = 1, simple_value = 2 (float) }
        var number = field(1, Array(tag(column).utf8)) + varint(2 << 3 | 5)
        number += littleEndian(Float(value).bitPattern)
        summary += field(1, number)
      }
      bytes += record(event(time: row.time, step: row.step, body: field(5, summary)))
    }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw SessionError.unwritable(path, why: SystemReason.clause(for: error))
    }
    return path
  }

  private static let prefix = "events.out.tfevents."
  private static let suffix = ".workbench"

  /// Whether a file of this name is one that `write` has made.
  static func isOwn(_ name: String) -> Bool { name.hasPrefix(prefix) && name.hasSuffix(suffix) }

  /// Transformers' names on TensorBoard: `eval_loss` is `eval/loss`, all others are below `train/`.
  static func tag(_ column: String) -> String {
    column.hasPrefix("eval_") ? "eval/" + column.dropFirst(5) : "train/" + column
  }

  // MARK: Protocol buffers

  /// Event { wall_time = 1 (double), step = 2 (int64), … }
  private static func event(time: Date, step: Int?, body: [UInt8]) -> [UInt8] {
    var bytes = varint(1 << 3 | 1) + littleEndian(time.timeIntervalSince1970.bitPattern)
    if let step { bytes += varint(2 << 3) + varint(UInt64(step)) }
    return bytes + body
  }

  /// A field of bytes.
  private static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var left = value
    while left >= 0x80 {
      bytes.append(UInt8(left & 0x7F) | 0x80)
      left >>= 7
    }
    return bytes + [UInt8(left)]
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  // MARK: TFRecord

  /// length, masked CRC of the length, the bytes, their masked CRC.
  private static func record(_ bytes: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(bytes.count))
    return length + littleEndian(masked(length)) + bytes + littleEndian(masked(bytes))
  }

  private static func masked(_ bytes: [UInt8]) -> UInt32 {
    let crc = crc32c(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }

  /// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78).
  static func crc32c(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
  }
}

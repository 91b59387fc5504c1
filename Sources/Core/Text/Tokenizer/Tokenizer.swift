import Foundation
import Synchronization

/// A tokenizer read from a tokenizer.json of HF tokenizers: byte-pair encoding, byte-level (GPT-2, Llama 3, Qwen 2,
/// SmolLM 2) or SentencePiece-style with byte fallback (Llama 2, TinyLlama, Mistral). Its ids equal HF's.
///
/// Safe to use from many threads at once; each call has a workspace of its own.
public final class Tokenizer: Sendable {
  private let vocabulary: Vocabulary
  private let addedTokens: AddedTokens
  private let normalizers: [Normalizer]
  private let preTokenizers: [PreTokenizer]
  private let model: BytePairModel
  private let postProcessor: PostProcessor
  private let decoders: [Decoder]
  private let hasDecoder: Bool
  private let workspaces = Mutex<[EncodingWorkspace]>([])

  /// - Parameters:
  ///   - json: the content of a tokenizer.json.
  ///   - file: its name, for errors.
  /// - Throws: `TokenizerError` where the file is broken or names a component that is not supported.
  public convenience init(json: Data, file: String) throws {
    try self.init(json: json, file: file, specialTokens: [])
  }

  /// - Parameter specialTokens: texts that a model folder's other files call special; they are, where the vocabulary
  ///   has them.
  init(json: Data, file name: String, specialTokens: [String]) throws {
    let file = try TokenizerFile(json: json, name: name)
    normalizers = try Normalizer.steps(file.normalizer, file: file)
    try Normalizer.checkGrowth(normalizers, file: file)
    preTokenizers = try PreTokenizer.steps(file.preTokenizer, file: file)
    guard preTokenizers.filter(\.isByteLevel).count <= 1, preTokenizers.count <= 32 else {
      throw file.invalid("its pre-tokenizer repeats ByteLevel or has more than 32 steps")
    }
    model = try BytePairModel(file, rawBytes: preTokenizers.last?.isByteLevel ?? false)
    vocabulary = file.vocabulary
    addedTokens = try AddedTokens(file, special: specialTokens, normalizers: normalizers)
    decoders = try Decoder.steps(file.decoder, file: file)
    hasDecoder = file.decoder != nil
    postProcessor = try PostProcessor(file.postProcessor, file: file)
  }

  // MARK: Encoding

  /// The token ids of `text`. Added tokens inside the text, special ones included, become their ids, as in HF.
  /// - Parameter addSpecialTokens: whether the ids that the post-processor puts around a text are included.
  public func encode(_ text: String, addSpecialTokens: Bool) -> [Int32] {
    let bytes = Array(text.utf8)
    var ids: [Int32] = []
    ids.reserveCapacity(bytes.count / 3 + postProcessor.before.count + postProcessor.after.count + 1)
    if addSpecialTokens { ids += postProcessor.before }
    var workspace = workspaces.withLock { $0.popLast() } ?? EncodingWorkspace()
    for part in addedTokens.parts(bytes, normalized: false) {
      if let id = part.id {
        ids.append(id)
      } else {
        encode(bytes, part.range, &workspace, into: &ids)
      }
    }
    if workspace.isSmall { workspaces.withLock { $0.append(workspace) } }
    if addSpecialTokens { ids += postProcessor.after }
    return ids
  }

  /// Encodes a part of the text that holds no added token as it is written.
  private func encode(
    _ bytes: [UInt8], _ range: Range<Int>, _ workspace: inout EncodingWorkspace, into ids: inout [Int32]
  ) {
    let isWhole = range.count == bytes.count
    let text =
      normalizers.isEmpty && isWhole ? bytes : normalizers.reduce(Array(bytes[range])) { $1.apply($0) }
    for part in addedTokens.parts(text, normalized: true) {
      if let id = part.id {
        ids.append(id)
      } else {
        let isAtStart = range.lowerBound == 0 && part.range.lowerBound == 0
        encodePieces(text, Piece(part.range, isAtStart: isAtStart), &workspace, into: &ids)
      }
    }
  }

  private func encodePieces(
    _ text: [UInt8], _ piece: Piece, _ workspace: inout EncodingWorkspace, into ids: inout [Int32]
  ) {
    var text = text
    workspace.pieces.removeAll(keepingCapacity: true)
    workspace.pieces.append(piece)
    for step in preTokenizers { step.apply(&text, &workspace, keepsRawBytes: model.takesRawBytes) }
    // The pieces are lent out, so that the workspace can be written to while they are read.
    var pieces: [Piece] = []
    swap(&pieces, &workspace.pieces)
    for piece in pieces { model.encode(text, piece.range, &workspace, into: &ids) }
    swap(&pieces, &workspace.pieces)
  }

  // MARK: Decoding

  /// The text of `ids`. Ids that are no token's are left out; bytes that are no UTF-8 become U+FFFD.
  /// - Parameter skipSpecialTokens: whether special tokens are left out.
  public func decode(_ ids: [Int32], skipSpecialTokens: Bool) -> String {
    var tokens: [[UInt8]] = []
    tokens.reserveCapacity(ids.count)
    for id in ids where !(skipSpecialTokens && addedTokens.isSpecial(id)) {
      if let text = text(id) { tokens.append(text) }
    }
    guard hasDecoder else { return String(decoding: Array(tokens.joined(separator: [0x20])), as: UTF8.self) }
    for decoder in decoders { tokens = decoder.apply(tokens) }
    return String(decoding: Array(tokens.joined()), as: UTF8.self)
  }

  // MARK: The vocabulary

  /// The id of a token as the vocabulary writes it ("Ġthe" in a byte-level one).
  public func id(of token: String) -> Int32? {
    let bytes = Array(token.utf8)
    return addedTokens.id(bytes) ?? vocabulary.id(bytes)
  }

  /// The token with this id as the vocabulary writes it.
  public func token(_ id: Int32) -> String? { text(id).map { String(decoding: $0, as: UTF8.self) } }

  /// One more than the largest id, added tokens included: the rows an embedding needs.
  public var vocabularySize: Int { max(vocabulary.idLimit, addedTokens.idLimit) }

  /// Whether `decode` leaves this id out on request.
  public func isSpecial(_ id: Int32) -> Bool { addedTokens.isSpecial(id) }

  /// The ids of all special tokens, ascending.
  public var specialTokenIDs: [Int32] { addedTokens.specialIDs }

  private func text(_ id: Int32) -> [UInt8]? { addedTokens.text(id) ?? vocabulary.text(id).map(Array.init) }
}

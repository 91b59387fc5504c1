import Foundation
import JSON

/// A model folder's text side: tokenizer.json, what tokenizer_config.json and special_tokens_map.json add to it, and the
/// chat template.
///
/// The template is read from chat_template.jinja, else from `chat_template` in tokenizer_config.json, which is one
/// template or a list of named ones, of which "default" counts. One that does not parse is an error only when used.
///
/// As in transformers, `add_bos_token` and `add_eos_token` of tokenizer_config.json have no say: which tokens stand around
/// a text is the post-processor's business, which tokenizer.json holds.
public struct TextFolder: TextEncoding {
  public let tokenizer: Tokenizer
  public let bosToken: String?
  public let eosToken: String?
  public let bosTokenID: Int32?
  public let eosTokenID: Int32?
  /// The template's source.
  public let chatTemplateSource: String?
  public let sourceFiles: [URL]
  /// The other named special tokens, which templates may ask for as well.
  private let templateTokens: [String: TemplateValue]
  private let name: String
  private let chatTemplate: Result<ChatTemplate, any Error>?

  private static let sizeLimit = 512 << 20
  private static let namedTokens = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// - Parameter path: the folder.
  /// - Throws: `TokenizerError`; the folder must have a tokenizer.json, the other files may be absent.
  public init(path: String) throws {
    let folder = URL(fileURLWithPath: path, isDirectory: true)
    name = folder.lastPathComponent
    sourceFiles = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"]
      .map(folder.appendingPathComponent).filter { FileManager.default.fileExists(atPath: $0.path) }
    guard let json = try Self.read("tokenizer.json", in: folder) else {
      throw TokenizerError.unreadable(
        file: folder.appendingPathComponent("tokenizer.json").path, reason: "there is no such file")
    }
    let config = try Self.object("tokenizer_config.json", in: folder)
    let map = try Self.object("special_tokens_map.json", in: folder)

    // A special token is written as its text or as an object with a "content".
    func token(_ value: JSONValue?) -> String? { value?.string ?? value?.object?["content"]?.string }
    func named(_ key: String) -> String? { token(config[key]) ?? (config.contains(key) ? nil : token(map[key])) }
    var specialTokens = Self.namedTokens.compactMap(named)
    for key in ["additional_special_tokens", "extra_special_tokens"] {
      specialTokens += (config[key]?.array ?? map[key]?.array ?? []).compactMap(token)
    }
    let tokenizer = try Tokenizer(json: json, file: "tokenizer.json", specialTokens: specialTokens)
    self.tokenizer = tokenizer
    bosToken = named("bos_token")
    eosToken = named("eos_token")
    let others = Self.namedTokens.dropFirst(2).compactMap { key in named(key).map { (key, TemplateValue.string($0)) } }
    templateTokens = Dictionary(uniqueKeysWithValues: others)
    bosTokenID = bosToken.flatMap { tokenizer.id(of: $0) }
    eosTokenID = eosToken.flatMap { tokenizer.id(of: $0) }

    let file: String
    if let template = try Self.read("chat_template.jinja", in: folder) {
      guard let source = String(data: template, encoding: .utf8) else {
        throw TokenizerError.invalid(file: "chat_template.jinja", problem: "is not valid UTF-8")
      }
      chatTemplateSource = source
      file = "chat_template.jinja"
    } else {
      chatTemplateSource = Self.template(config["chat_template"])
      file = "tokenizer_config.json's chat_template"
    }
    chatTemplate = chatTemplateSource.map { source in Result { try ChatTemplate(source: source, name: file) } }
  }

  /// The template, or of a list of named ones that called "default", or the only one.
  private static func template(_ value: JSONValue?) -> String? {
    guard let list = value?.array else { return value?.string }
    let templates = list.compactMap { item -> (name: String?, source: String)? in
      guard let source = item.object?["template"]?.string else { return nil }
      return (item.object?["name"]?.string, source)
    }
    return templates.first { $0.name == "default" }?.source ?? (templates.count == 1 ? templates[0].source : nil)
  }

  // MARK: Files

  /// The content of a file of the folder; nil where there is none.
  private static func read(_ file: String, in folder: URL) throws -> Data? {
    let url = folder.appendingPathComponent(file)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    func unreadable(_ reason: String) -> TokenizerError { .unreadable(file: url.path, reason: reason) }
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(String(cString: strerror(errno))) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(String(cString: strerror(errno))) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw unreadable("it is a folder")
    default: throw unreadable("it is a device or a pipe, not a file")
    }
    guard status.st_size <= sizeLimit else {
      throw TokenizerError.invalid(file: file, problem: "is larger than \(sizeLimit >> 20) MiB")
    }
    do {
      return try handle.readToEnd() ?? Data()
    } catch {
      throw unreadable("the system refuses to read it")
    }
  }

  /// The object in a JSON file of the folder; empty where there is no such file.
  private static func object(_ file: String, in folder: URL) throws -> JSONObject {
    guard let data = try read(file, in: folder) else { return JSONObject() }
    return try TokenizerJSON.read([UInt8](data), file: file) { reader in
      let value = try reader.readValue()
      try reader.readEnd()
      guard let object = value.object else {
        throw TokenizerError.invalid(file: file, problem: "is not an object")
      }
      return object
    }
  }

  // MARK: TextEncoding

  public var hasChatTemplate: Bool { chatTemplate != nil }

  public func encode(_ text: String, addSpecialTokens: Bool) -> [Int32] {
    tokenizer.encode(text, addSpecialTokens: addSpecialTokens)
  }

  public func decode(_ ids: [Int32], skipSpecialTokens: Bool) -> String {
    tokenizer.decode(ids, skipSpecialTokens: skipSpecialTokens)
  }

  public func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws -> String {
    guard let chatTemplate else { throw TokenizerError.noChatTemplate(folder: name) }
    return try chatTemplate.get().render(
      messages: messages, addGenerationPrompt: addGenerationPrompt, bosToken: bosToken, eosToken: eosToken,
      extra: templateTokens)
  }
}

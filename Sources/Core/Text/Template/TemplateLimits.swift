/// What a template may spend. Templates come with downloaded checkpoints: whatever they hold, rendering ends soon, in
/// bounded memory, with a text or a sentence.
enum TemplateLimits {
  /// Scalars of source.
  static let source = 1 << 20
  /// Scalars of one name.
  static let name = 200
  /// Nesting of statements and expressions while parsing.
  static let parseDepth = 120
  /// Levels of one expression's tree.
  static let expressionDepth = 200
  /// Nesting while rendering, macro calls included.
  static let renderDepth = 250
  /// Expressions and statements evaluated, and items touched by filters.
  static let steps = 2_000_000
  /// Bytes of one text, the output included.
  static let text = 16 << 20
  /// Bytes of all texts made on the way.
  static let produced = 256 << 20
  /// Nesting of lists and dicts.
  static let valueDepth = 64
  /// jinja2's sandbox has the same.
  static let range = 100_000
}

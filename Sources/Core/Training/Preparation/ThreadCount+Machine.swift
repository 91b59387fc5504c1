import RunFile

extension ThreadCount {
  /// What a person should know who asks for more threads than can run at once; nil for others.
  public static func warning(_ count: Int?, name: String, processors: Int = Machine.cores) -> String? {
    guard let count, count > processors else { return nil }
    return
      "\(name): \(count) threads are more than the \(processors) that can run at once here, so they take turns; that "
      + "is slower than \(processors)"
  }
}

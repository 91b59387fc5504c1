public struct Size: Hashable, Sendable {
  /// Columns.
  public var width: Int
  /// Rows.
  public var height: Int

  /// Sizes below zero become zero; above 1,000 cells a side nothing more is drawn.
  public init(_ width: Int, _ height: Int) {
    self.width = min(max(0, width), 1_000)
    self.height = min(max(0, height), 1_000)
  }
}

public struct Rect: Hashable, Sendable {
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = max(0, width)
    self.height = max(0, height)
  }

  var right: Int { x + width }
  var bottom: Int { y + height }
  var isEmpty: Bool { width == 0 || height == 0 }

  func intersection(_ other: Rect) -> Rect {
    let left = max(x, other.x)
    let top = max(y, other.y)
    return Rect(x: left, y: top, width: min(right, other.right) - left, height: min(bottom, other.bottom) - top)
  }

  /// Smaller by a border of one cell on each side.
  var inside: Rect { Rect(x: x + 1, y: y + 1, width: width - 2, height: height - 2) }

  /// Parts of nearly equal width side by side, together exactly this rectangle.
  func columns(_ count: Int) -> [Rect] {
    guard count > 0 else { return [] }
    return (0..<count).map { index in
      let from = width * index / count
      return Rect(x: x + from, y: y, width: width * (index + 1) / count - from, height: height)
    }
  }

  func rows(_ count: Int) -> [Rect] {
    guard count > 0 else { return [] }
    return (0..<count).map { index in
      let from = height * index / count
      return Rect(x: x, y: y + from, width: width, height: height * (index + 1) / count - from)
    }
  }

  /// The left `amount` columns and the rest.
  func splitLeft(_ amount: Int) -> (Rect, Rect) {
    let left = min(max(0, amount), width)
    return (
      Rect(x: x, y: y, width: left, height: height), Rect(x: x + left, y: y, width: width - left, height: height)
    )
  }

  /// The top `amount` rows and the rest.
  func splitTop(_ amount: Int) -> (Rect, Rect) {
    let top = min(max(0, amount), height)
    return (
      Rect(x: x, y: y, width: width, height: top), Rect(x: x, y: y + top, width: width, height: height - top)
    )
  }
}

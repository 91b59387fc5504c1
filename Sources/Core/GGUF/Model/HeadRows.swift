/// The order of rows in query and key projections. transformers keeps a head's rows as two halves (x₀ … x_{d/2−1},
/// y₀ … y_{d/2−1}), whose pairs (xᵢ, yᵢ) are rotated; llama.cpp keeps the pairs side by side (x₀, y₀, x₁, y₁, …).
enum HeadRows {
  /// The row in a GGUF file of row `row` of a Hugging Face checkpoint.
  static func interleaved(_ row: Int, headDimension: Int) -> Int {
    let half = headDimension / 2
    let (head, inside) = (row / headDimension, row % headDimension)
    return head * headDimension + (inside < half ? 2 * inside : 2 * (inside - half) + 1)
  }
}

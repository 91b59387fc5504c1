/// One module's weight with its adapter folded in, row by row: W + scale · B·A, and with DoRA m / ‖row‖ times that.
public struct LowRankUpdate: Sendable {
  private let tensors: LoRATensors
  private let rank: Int
  private let scale: Float
  private let inputs: Int

  /// - Throws: `CheckpointError` where the factors do not fit the module.
  public init(_ module: AdaptedModule, _ tensors: LoRATensors, model: ModelConfiguration, file: String) throws {
    let (outputs, inputs) = module.address.module.shape(in: model)
    guard (0..<model.layerCount).contains(module.address.layer), module.rank > 0,
      tensors.down.count == module.rank * inputs, tensors.up.count == outputs * module.rank,
      tensors.magnitude.map({ $0.count == outputs }) ?? true
    else {
      throw CheckpointError.wrongShape(
        file: file, name: module.address.description + ".weight", shape: [tensors.up.count, tensors.down.count],
        expected: [outputs * module.rank, module.rank * inputs])
    }
    self.tensors = tensors
    self.inputs = inputs
    rank = module.rank
    scale = Float(module.scale)
  }

  /// One row [in] of the result.
  /// - Parameter base: the same row of W.
  public func merged(row: Int, base: [Float]) -> [Float] {
    var delta = [Float](repeating: 0, count: inputs)
    for component in 0..<rank {
      let factor = tensors.up[row * rank + component]
      if factor == 0 { continue }
      let start = component * inputs
      for index in 0..<inputs { delta[index] += factor * tensors.down[start + index] }
    }
    var result = base
    for index in 0..<inputs { result[index] += scale * delta[index] }
    guard let magnitude = tensors.magnitude else { return result }
    let norm = result.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let factor = magnitude[row] / Float(norm)
    return result.map { factor * $0 }
  }

  /// Elements of the whole result, counted row-major.
  func merged(_ elements: Range<Int>, base: StoredTensor) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(elements.count)
    while result.count < elements.count {
      let start = elements.lowerBound + result.count
      let (row, column) = (start / inputs, start % inputs)
      let whole = merged(row: row, base: base.float32(elements: row * inputs..<(row + 1) * inputs))
      result += whole[column..<min(inputs, column + elements.count - result.count)]
    }
    return result
  }
}

import Checkpoint
import Device

/// One summand of the residual stream, x += block(x): its activations, its forward pass and its backward pass, as
/// instructions. A step of generation runs the same forward pass over one row a sample.
protocol Block: Sendable {
  /// How it hangs on the residual stream.
  var branch: ResidualBranch { get }

  /// Tensors of every layer.
  func layerActivations(_ shape: PassShape) -> [Activation]

  /// Tensors that one layer at a time uses.
  func activations(_ shape: PassShape) -> [Activation]

  /// All activations but those behind the block's last linear.
  func forward(_ pass: Pass, layer: Int, into program: inout Program)

  /// The last linear, the norm of its output where there is one, and x += that.
  func join(_ pass: Pass, layer: Int, into program: inout Program)

  /// From dL/d(output), of which `ResidualBranch.outputGradient` has made what the output's linear needs, to dL/d(input) in the
  /// residual stream's gradient, with the gradients of the adapted linears.
  ///
  /// - Parameter below: what the next block's backward pass begins with, given the rows that this one ends with; nil
  ///   where nothing below needs a gradient.
  func backward(
    _ pass: Pass, layer: Int, reach: BackwardReach, below: OutputGradient.Maker?, gradients: AdapterGradients,
    into program: inout Program)
}

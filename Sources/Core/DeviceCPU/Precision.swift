import CKernels
@_exported import Device

extension ElementType {
  var kernelType: wb_type {
    switch self {
    case .fp32: WB_F32
    case .bf16: WB_BF16
    case .fp16: WB_F16
    case .int8, .nf4: preconditionFailure("quantized weights go to kernels of their own")
    }
  }
}

extension GateFunction {
  var kernelFunction: wb_gate {
    switch self {
    case .silu: WB_SILU
    case .geluTanh: WB_GELU_TANH
    case .gelu: WB_GELU
    }
  }
}

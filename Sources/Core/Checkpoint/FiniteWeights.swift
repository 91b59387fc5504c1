import Foundation

// The search for a weight that is not finite. It reads whole files, so it waits until a result has shown that there is
// something to look for.

extension CheckpointFolder {
  /// Why numbers that were computed from this checkpoint are not finite: the first tensor that holds NaN or an infinity,
  /// or that there is none.
  /// - Parameter adapter: a PEFT folder that took part; it is looked through first, being the smaller.
  public func whyNotFinite(adapter: String? = nil) -> CheckpointError {
    do {
      if let adapter {
        let names = [AdapterFolder.weightsName, MLXAdapter.weightsName]
        let paths = names.map { adapter + "/" + $0 }
        let file = try SafetensorsFile(
          path: paths.first { FileManager.default.fileExists(atPath: $0) } ?? paths[0])
        if let found = try file.firstNotFinite() { return found }
      }
      for file in weightFiles {
        if let found = try file.firstNotFinite() { return found }
      }
      return .overflow(folder: path)
    } catch let error as CheckpointError {
      return error
    } catch {
      return .unreadable(file: path, reason: "\(error)")
    }
  }
}

extension CheckpointFolder {
  /// Why a tensor cannot be quantized: its first number that is not finite.
  public func whyNotFinite(tensor name: String) -> CheckpointError {
    guard let file = weightFile(of: name), let tensor = try? tensor(name), let element = tensor.firstNotFinite() else {
      return .overflow(folder: path)
    }
    return .notFinite(
      file: file.path, name: name, element: element, value: tensor.float32(elements: element..<element + 1)[0])
  }
}

extension SafetensorsFile {
  /// The first tensor, in the order of the data, that holds NaN or an infinity. Tensors of other types than weights have
  /// are passed over.
  func firstNotFinite() throws -> CheckpointError? {
    for name in names where (entry(name)?.dataType).flatMap(StoredType.init) != nil {
      let tensor = try tensor(name)
      if let element = tensor.firstNotFinite() {
        return .notFinite(
          file: path, name: name, element: element, value: tensor.float32(elements: element..<element + 1)[0])
      }
      // What was read is not needed again, and may be larger than memory.
      tensor.bytes.file.release(tensor.bytes.range)
    }
    return nil
  }
}

extension StoredTensor {
  /// The first element, in row-major order, that is NaN or an infinity: one whose exponent bits are all set.
  func firstNotFinite() -> Int? {
    let block = 1 << 16
    for start in stride(from: 0, to: elementCount, by: block) {
      let range = start..<min(start + block, elementCount)
      let found =
        switch type {
        case .fp32: bytes.integers(UInt32.self, range).firstIndex { $0 & 0x7F80_0000 == 0x7F80_0000 }
        case .bf16: bytes.integers(UInt16.self, range).firstIndex { $0 & 0x7F80 == 0x7F80 }
        case .fp16: bytes.integers(UInt16.self, range).firstIndex { $0 & 0x7C00 == 0x7C00 }
        }
      if let found { return start + found }
    }
    return nil
  }
}

import Foundation

/// Why a disk that could be written a moment ago refuses now, where waiting may help: it is full, or read-only, or
/// somebody's file lies in the way.
struct DiskTrouble {
  let sentence: String

  /// nil for an error of another kind.
  init?(_ error: any Error, folder: String) {
    let words = "\(error)"
    switch error as? TrainingError {
    case .folderLost: return nil
    case .occupied:
      sentence = words
      return
    default: break
    }
    let temporary = [ENOSPC, EDQUOT, EROFS].map { String(cString: strerror($0)) } + ["no space left", "read-only"]
    guard temporary.contains(where: words.localizedCaseInsensitiveContains) || Self.isFull(folder) else { return nil }
    sentence = words
  }

  /// Some writers report no more than that a file could not be made; the file system itself knows.
  private static func isFull(_ folder: String) -> Bool {
    var state = statvfs()
    guard statvfs(folder, &state) == 0 else { return false }
    return state.f_bavail == 0 || state.f_favail == 0 && state.f_files > 0 || state.f_flag & UInt(ST_RDONLY) != 0
  }
}

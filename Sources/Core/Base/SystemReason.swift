import Foundation

/// The system's own words for why a file operation failed ("Permission denied"): Foundation's begin with "The operation
/// could not be completed".
public enum SystemReason {
  public static func clause(for error: any Error) -> String {
    let cocoa = error as NSError
    // On Linux the underlying error is a POSIXError that does not bridge to NSError.
    if let error = error as? POSIXError ?? cocoa.userInfo[NSUnderlyingErrorKey] as? POSIXError {
      return String(cString: strerror(error.code.rawValue))
    }
    if let underlying = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError, underlying.domain == NSPOSIXErrorDomain {
      return String(cString: strerror(Int32(underlying.code)))
    }
    if cocoa.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(cocoa.code))) }
    switch CocoaError.Code(rawValue: cocoa.code) {
    case .fileWriteOutOfSpace: return "no space left"
    case .fileWriteVolumeReadOnly: return "the file system is read-only"
    case .fileWriteNoPermission, .fileReadNoPermission: return "permission denied"
    default:
      let text = cocoa.localizedDescription
      return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
  }
}

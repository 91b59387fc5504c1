import Tables
import Testing

@Suite struct TableErrorTests {
  @Test func everyErrorNamesItsFile() {
    let errors: [TableError] = [
      .unreadable(path: "a.parquet", why: "permission denied"), .damaged(path: "a.parquet", problem: "it is cut off"),
      .unsupported(path: "a.parquet", feature: "encryption", cure: "decrypt it first"),
    ]
    for error in errors { #expect(error.description.hasPrefix("a.parquet: ")) }
  }
}

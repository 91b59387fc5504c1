import Testing

@testable import Base

@Suite struct RandomStreamTests {
  /// The known answers of Random123, the generator's reference implementation (`kat_vectors`, philox4x32 with 10 rounds).
  @Test func philoxGivesTheKnownAnswers() {
    let ones = UInt32.max
    #expect(
      RandomStream.philox((0, 0, 0, 0), (0, 0)) == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      RandomStream.philox((ones, ones, ones, ones), (ones, ones)) == (
        0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd
      ))
    #expect(
      RandomStream.philox((0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), (0xa409_3822, 0x299f_31d0))
        == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }
}

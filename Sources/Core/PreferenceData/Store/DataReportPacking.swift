extension DataReport {
  /// Everything but the paths, which the reader of the cache knows.
  func write(to writer: inout PackedWriter) {
    writer.add(formats.count)
    for format in formats { writer.add(format.rawValue) }
    writer.add(rowsRead)
    writer.add(kept)
    Self.write(dropped, to: &writer)
    Self.write(notes, to: &writer)
    for number in [lengths.longer, lengths.shorter, lengths.equal] { writer.add(number) }
    writer.add(templateRefusal.map { [$0] } ?? [])
  }

  init(_ reader: inout PackedReader) throws {
    self.init()
    for _ in 0..<(try reader.number()) {
      formats.append(DataFormat.recorded(try reader.text()))
    }
    rowsRead = try reader.number()
    kept = try reader.number()
    dropped = try Self.tallies(&reader)
    notes = try Self.tallies(&reader)
    lengths = Lengths(longer: try reader.number(), shorter: try reader.number(), equal: try reader.number())
    templateRefusal = try reader.texts().first
  }

  private static func write<Reason: RawRepresentable<String>>(
    _ tallies: [Reason: Tally], to writer: inout PackedWriter
  ) {
    writer.add(tallies.count)
    for (reason, tally) in tallies.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      writer.add(reason.rawValue)
      writer.add(tally.count)
      writer.add(tally.firstLines.count)
      for (line, file) in zip(tally.firstLines, tally.firstFiles) {
        writer.add(line)
        writer.add(file)
      }
    }
  }

  private static func tallies<Reason: RawRepresentable<String> & Hashable>(
    _ reader: inout PackedReader
  ) throws -> [Reason: Tally] {
    var result: [Reason: Tally] = [:]
    for _ in 0..<(try reader.number()) {
      guard let reason = Reason(rawValue: try reader.text()) else { throw PackedReader.Damage() }
      var tally = Tally(count: try reader.number())
      for _ in 0..<(try reader.number(upTo: Tally.listed)) {
        tally.firstLines.append(try reader.number())
        tally.firstFiles.append(try reader.number())
      }
      result[reason] = tally
    }
    return result
  }
}

/// Hashes of the generated texts: training rows, held-out rows, the first 500 exchanges of the corpus.
///
/// The first two change with the grammar or the rubric, the third with the grammar. Then the bundled rows, or the base
/// model too, have to be made anew (Tools/demo-world).
enum WorldHashes {
  static let expected: [UInt64] = [
    5_817_268_156_811_195_895, 2_406_172_910_653_586_827, 12_673_278_803_219_107_767,
  ]
}

import DemoWorld
import Foundation

let usage = """
  usage: make-demo-world --out DIR       write corpus.jsonl, train.jsonl and heldout.jsonl
         make-demo-world --grade FILE    grade {"prompt", "answer"} lines ("-": standard input): shares, mean reward
  """

func write(_ text: String, to folder: URL, as name: String) throws {
  try Data(text.utf8).write(to: folder.appendingPathComponent(name))
}

func makeWorld(in path: String) throws {
  let folder = URL(fileURLWithPath: path, isDirectory: true)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  let generator = WorldGenerator()
  try write(try WorldFiles.lines(of: generator.corpus()), to: folder, as: "corpus.jsonl")
  try write(try WorldFiles.lines(of: generator.trainingRows()), to: folder, as: "train.jsonl")
  try write(try WorldFiles.lines(of: generator.heldOutRows()), to: folder, as: "heldout.jsonl")
}

/// Prints one line of JSON: the number of answers, the share of each kind, and the mean reward.
func grade(_ path: String) throws {
  let file = path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
  let exchanges = try WorldFiles.exchanges(in: String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self))
  let grades = exchanges.map { HouseholdRubric.grade(prompt: $0.prompt, answer: $0.answer) }
  let total = Double(max(grades.count, 1))
  let shares = AnswerKind.allCases.map { kind in
    let share = Double(grades.count { $0.kind == kind }) / total
    return "\"\(kind.rawValue)\": \((share * 1000).rounded() / 1000)"
  }
  let mean = (grades.reduce(0) { $0 + $1.reward } / total * 1000).rounded() / 1000
  print("{\"answers\": \(grades.count), \(shares.joined(separator: ", ")), \"mean_reward\": \(mean)}")
}

func run(_ arguments: [String]) throws -> Int32 {
  switch (arguments.count, arguments.first) {
  case (2, "--out"): try makeWorld(in: arguments[1])
  case (2, "--grade"): try grade(arguments[1])
  default:
    FileHandle.standardError.write(Data((usage + "\n").utf8))
    return 2
  }
  return 0
}

do {
  exit(try run(Array(CommandLine.arguments.dropFirst())))
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(1)
}

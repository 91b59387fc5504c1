import Control
import Dispatch
import WorkbenchScreen

// Opens the screen; Space makes a Swift trap of its own, for the test that the terminal is put back even then.
//   trap-screen screen    the trap strikes on the screen's thread
//   trap-screen queue     on a background queue, as a fault of the training engine would

let onQueue = CommandLine.arguments.last == "queue"
let queue = DispatchQueue(label: "trap")

@Sendable func trap() {
  let arguments = CommandLine.arguments
  print(arguments[arguments.count])
}

let screen = try ScreenSession { _ in
  if onQueue { queue.async { trap() } } else { trap() }
}
screen.post(.stateChanged(.running))
_ = try screen.run()

internal import EventLogCore

// Testing has tags as well; here the log's are meant.
typealias Tag = EventLogCore.Tag

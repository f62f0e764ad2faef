// The macro language m4, as GNU m4 1.4.19 has it; m4(1) says where not.
//
// An M4 is one stream: definitions go in, texts are expanded one after the
// other, and the end of input puts out what was wrapped and diverted.
//
//   text::M4 m4(options, &system, {.output = ..., .messages = ...});
//   m4.Define("HOST", "alpha");       // a value, never parsed as m4 text
//   m4.Expand("motd", content);       // messages say "m4:motd:12: ..."
//   int status = m4.Finish();
//
// Many streams that begin alike share their beginning: load one engine, take
// its Definitions() and start the others from those. That costs nothing per
// definition: an engine keeps only what it changed itself. Definitions never
// change and may be used by several threads; an M4 belongs to one thread.
//
// An M4 that met its end (`m4exit`, an error that stops, a limit) ignores what
// it is given until Finish says with what status. Nothing in here is recursive
// in the depth of its input: nesting costs memory, not stack.
//
// Bytes are bytes: invalid UTF-8 passes through. A NUL byte is dropped where
// text stands, and ends the argument it stands in.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace text {

// What an engine asks of the world. The text of a failure goes into a message
// as it is ("No such file or directory"), so it names neither file nor action.
// As it stands, this one has no files and refuses everything else.
class M4System {
 public:
  struct File {
    std::string name;  // as messages and __file__ shall call it
    std::shared_ptr<const std::string> content;
  };

  virtual ~M4System() = default;
  // A file named by include, sinclude, undivert, paste or spaste; whoever
  // implements this looks for it in the search path.
  virtual absl::StatusOr<File> Read(absl::string_view /*name*/) {
    return absl::NotFoundError("No such file or directory");
  }
  // Runs `command` by the shell. Its standard output is appended to `output`;
  // to ours, when `output` is null. What it exited with, or the number of the
  // signal that ended it times 256.
  virtual absl::StatusOr<int> Shell(const std::string& /*command*/,
                                    std::string* /*output*/) {
    return absl::PermissionDeniedError(kRefused);
  }
  // Makes an empty file, for its owner only, whose name is `pattern` with the
  // XXXXXX at its end replaced. Its name.
  virtual absl::StatusOr<std::string> MakeFile(const std::string& /*pattern*/) {
    return absl::PermissionDeniedError(kRefused);
  }
  // Opens the file that WriteDebug appends to from then on.
  virtual absl::Status OpenDebug(const std::string& /*name*/) {
    return absl::PermissionDeniedError(kRefused);
  }
  virtual void WriteDebug(absl::string_view /*text*/) {}

 private:
  static constexpr absl::string_view kRefused = "Operation not permitted";
};

// 0 is no limit, everywhere. A stream that exceeds one ends with status 1 and
// a message that names the limit, the macro, the file and the line.
struct M4Limits {
  size_t nesting = 10'000;                  // calls within arguments of calls
  std::string nesting_advice = {};          // follows the error about it
  size_t pushed_bytes = size_t{256} << 20;  // read again, and being collected
  size_t output_bytes = size_t{256} << 20;  // put out and diverted
  // Asked now and then, some thousand times a second, whether to stop (run
  // time is over, the operator wants to go); then a stream ends the same way.
  // The answer is the reason, or "".
  std::function<std::string()> stop = {};
};

struct M4Options {
  std::string program = "m4";     // in front of messages, and __program__
  bool prefix_builtins = false;   // -P: m4_define and so on
  bool synclines = false;         // -s
  bool traditional = false;       // -G: no GNU extensions
  bool bsd_names = true;          // paste, spaste and expr; not when -G
  bool quiet = false;             // -Q: no warnings
  int fatal_warnings = 0;         // 1, -E: status 1; 2, -EE: end at the first
  size_t max_trace_argument = 0;  // -l: bytes of each argument shown; 0 all
  std::string debug_flags = "";   // -d: letters of "aceflipqtxV"
  bool safe = false;              // no commands, no temporary files
  M4Limits limits = {};
};

// Where text goes: in pieces of any size, in order. `output` gets nothing
// while a stream collects into diversions. Empty functions drop it.
struct M4Sinks {
  std::function<void(absl::string_view)> output = {};
  std::function<void(absl::string_view)> messages = {};
};

// What a stream has done beyond making text.
struct M4Effects {
  bool commands = false;         // syscmd, esyscmd
  bool temporary_files = false;  // mkstemp, maketemp
  bool debug_file = false;       // debugfile(NAME)
  bool files = false;            // include and its kin found a file
};

class M4Definitions;
class M4Engine;

class M4 {
 public:
  // With the builtin macros, or with `begin` instead. `system` is borrowed;
  // null is a plain M4System.
  M4(M4Options options, M4System* system, M4Sinks sinks,
     std::shared_ptr<const M4Definitions> begin = nullptr);
  M4(M4&&) noexcept;
  ~M4();

  // The definitions as they are now, with quotes, comments and traces.
  std::shared_ptr<const M4Definitions> Definitions() const;

  // As the builtins of these names do it, with values that are text whatever
  // is in them. When `name` is called, its value is scanned as m4 text is, and
  // $1 in it is a parameter. A `name` of any bytes is allowed.
  void Define(absl::string_view name, absl::string_view value);
  void Undefine(absl::string_view name);
  void Push(absl::string_view name, absl::string_view value);  // pushdef
  void Pop(absl::string_view name);                            // popdef
  bool IsDefined(absl::string_view name) const;
  // The value of `name`; none when it is not defined or a builtin.
  std::optional<absl::string_view> Value(absl::string_view name) const;
  void Trace(absl::string_view name);  // traceon

  // Expands a whole text; `file` is its name in messages and __file__. `text`
  // is borrowed for the call. A call of a macro does not reach into the next
  // text, but definitions, diversions and quotes do.
  void Expand(absl::string_view file, absl::string_view text);
  // The same for a text that comes in pieces: `more` appends the next one and
  // returns false at the end.
  void ExpandStream(absl::string_view file,
                    std::function<bool(std::string& text)> more);
  // The same for a file that the system finds; an error when it does not.
  void ExpandFile(absl::string_view name);
  // debugfile; "" drops debug text.
  void SetDebugFile(absl::string_view name);
  // Counts as an error: "m4: TEXT" to the messages, and a status of 1.
  void Fail(absl::string_view text);

  // What stands in diversion 0 is in the sink's hands after this.
  void Flush();
  // The end of input: wrapped text, then diversions, then everything is out.
  // The exit status: m4exit's, 1 after errors, else 0. Call it once.
  int Finish();

  // Whether the stream has met its end.
  bool ended() const;
  // What Finish would return now.
  int status() const;
  const M4Effects& effects() const;

 private:
  std::unique_ptr<M4Engine> engine_;
};

// The whole of one text with `begin`: the output, or InvalidArgument with the
// messages when the status is not 0. Files and commands are refused.
absl::StatusOr<std::string> ExpandM4(
    absl::string_view file, absl::string_view text,
    std::shared_ptr<const M4Definitions> begin = nullptr);

}  // namespace text

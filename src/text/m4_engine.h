// The inside of an M4 (m4.h): what its builtins work on. Only files of the
// engine include this.
//
// A call is collected in a frame: the frames of calls within arguments of
// calls lie in a vector, never on the stack of the program, so that depth costs
// memory alone. The bytes of all their arguments are one buffer, of which an
// inner call uses the end and gives it back.
//
// What a call expands to is pushed onto the input and read again, as m4 has it;
// so a frame is done before the next thing is looked at.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "text/m4.h"
#include "text/m4_input.h"
#include "text/m4_names.h"
#include "text/m4_output.h"
#include "text/m4_regex.h"
#include "text/m4_value.h"

namespace text {

class M4Engine {
 public:
  // Letters of debugmode.
  enum Debug : unsigned {
    kArguments = 1,    // a
    kExpansion = 2,    // e
    kQuoteValues = 4,  // q
    kAllCalls = 8,     // t
    kLine = 16,        // l
    kFile = 32,        // f
    kPath = 64,        // p
    kSteps = 128,      // c
    kInput = 256,      // i
    kCallId = 512,     // x
  };

  M4Engine(M4Options options, M4System* system, M4Sinks sinks,
           std::shared_ptr<const M4Definitions> begin);

  void Expand(absl::string_view file, absl::string_view text);
  void ExpandStream(absl::string_view file,
                    std::function<bool(std::string& text)> more);
  void ExpandFile(absl::string_view name);
  int Finish();

  // --- for the builtins ---

  const M4Options& options() const { return options_; }
  M4System& system() { return *system_; }
  M4Names& names() { return names_; }
  M4Input& input() { return input_; }
  M4Output& output() { return output_; }
  M4PatternCache& patterns() { return patterns_; }
  M4Effects& effects() { return effects_; }
  M4Position position() { return input_.position(); }

  // A message at the place of the call. With -EE, the end.
  void Warn(absl::string_view text);
  // One that -Q silences.
  void Complain(absl::string_view text) {
    if (!options_.quiet) Warn(text);
  }
  // That, and a status of 1.
  void Error(absl::string_view text) {
    Warn(text);
    if (status_ == 0) status_ = 1;
  }
  // A message that counts for nothing, not even with -E.
  void Say(absl::string_view text);
  // The same of no place.
  void SayAnywhere(absl::string_view text) { PutMessage({}, text); }
  // The end, now.
  void Fatal(absl::string_view text, M4Position at);
  void Exit(int status);
  // Refuses a side effect: true, with an error, in safe mode.
  bool Refuses(const M4Args& args);
  // Whether the arguments are enough; warns when they are too few or too many.
  // `max` of SIZE_MAX: any number.
  bool Count(const M4Args& args, size_t min, size_t max);
  // A number as m4's builtins read one, with warnings; false when it is none.
  bool Number(const M4Args& args, size_t i, int* value);

  // Appends all arguments from `first`.
  void AppendAll(const M4Args& args, size_t first, absl::string_view between,
                 bool quoted, M4Stack& out);
  void AppendQuoted(absl::string_view text, M4Stack& out);
  // Calls what `value` is. Used for its own tail: indir of indir is a loop.
  void Call(const M4Value& value, const M4Args& args, M4Stack& out);
  // Asks the loop in Call for another round.
  void CallNext(M4Value value, M4Args args) {
    next_value_ = std::move(value);
    next_args_ = args;
  }
  // A file of the search path; the status of the attempt.
  absl::StatusOr<M4System::File> ReadFile(absl::string_view name);

  // Reads on in an included file.
  void ReadFrom(M4System::File file);
  void PrintMessage(absl::string_view text);  // as it is
  // Once in a stream.
  void WarnOfBackslashZero();

  int sysval() const { return sysval_; }
  void set_sysval(int sysval) { sysval_ = sysval; }

  unsigned debug() const { return debug_; }
  void set_debug(unsigned debug) { debug_ = debug; }
  // As GNU m4 loses the line that its debugmode(FLAGS) had in a trace.
  void DropTrace() { trace_line_.clear(); }
  // As it shows that patsubst came to nothing, and of no other builtin.
  void ShowEmptyResult() { show_empty_result_ = true; }
  // False, and nothing changed, when `letters` are wrong. "" is "aeq".
  static bool DebugFlags(absl::string_view letters, unsigned* flags);
  // debugfile: where debug text goes from now on.
  enum class DebugTo : uint8_t { kMessages, kFile, kNowhere };
  void set_debug_to(DebugTo to) { debug_to_ = to; }
  void OpenDebugFile(absl::string_view name);  // "": kNowhere
  void DebugText(absl::string_view text);
  // A line of debugmode's i and p.
  void DebugNote(M4Position at, absl::string_view text);
  // `name<TAB>value`, as dumpdef has it.
  std::string Description(const M4Name& name) const;

  bool ended() const { return ended_; }
  int status() const;

 private:
  friend class M4;
  struct CallPlace {
    M4Position opened;
    uint32_t id;
    int level;  // 1 outside of all arguments
    bool traced;
  };
  struct Frame {
    M4Value value;
    absl::string_view name;  // of the table, so that it stays
    size_t first_arg;        // in args_
    size_t text_begin;       // of its first argument in collected_
    size_t arg_begin;        // of the one that is being collected
    const M4Builtin* arg_builtin;
    CallPlace call;
    M4Position arg_opened;
    int parentheses;
    bool skipping;  // white space before an argument
  };

  void Run();
  void Word(absl::string_view word);
  void Argument(const M4Token& token);
  void BeginArgument(Frame& frame);
  void EndArgument(Frame& frame);
  void Complete();
  // Calls, pushes what came out, and restores the position to where it was.
  void Perform(const M4Value& value, const M4Args& args, const CallPlace& call);
  void ExpandText(absl::string_view body, const M4Args& args, M4Stack& out);
  // Ends the stream when a limit is exceeded.
  bool WithinLimits(absl::string_view macro, M4Position at);
  void LimitExceeded(absl::string_view what, absl::string_view macro,
                     M4Position at);
  void PutMessage(M4Position at, absl::string_view text);

  std::string TraceHeader(const CallPlace& call) const;
  std::string Shown(absl::string_view text) const;
  void TraceBefore(absl::string_view name, const CallPlace& call);
  void TraceCall(const M4Args& args, const CallPlace& call);
  void TraceResult(const M4Args& args, const CallPlace& call,
                   absl::string_view result);
  void FlushTrace();

  M4Options options_;
  M4System no_system_;
  M4System* system_;
  M4Sinks sinks_;
  M4Names names_;
  M4Input input_;
  M4Output output_;
  M4PatternCache patterns_;
  M4Effects effects_;

  std::vector<Frame> frames_;
  std::vector<M4Arg> args_;
  std::string collected_;
  M4Value next_value_;
  M4Args next_args_;

  unsigned debug_ = 0;
  DebugTo debug_to_ = DebugTo::kMessages;
  std::string trace_line_;        // one that is not complete yet
  absl::string_view last_macro_;  // the one that was called last
  uint32_t call_id_ = 0;
  uint32_t calls_ = 0;
  int sysval_ = 0;
  int status_ = 0;
  bool ended_ = false;
  bool warned_of_zero_ = false;
  bool show_empty_result_ = false;
};

// By its own name, whatever it is called here; null when there is none.
const M4Builtin* FindM4Builtin(absl::string_view name);
// What an engine without a begin starts from.
std::shared_ptr<const M4Definitions> M4Beginning(const M4Options& options);

}  // namespace text

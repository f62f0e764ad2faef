// What an engine tells of itself: traceon, debugmode, dumpdef.
#include <absl/strings/str_cat.h>

#include <utility>

#include "text/m4_engine.h"

namespace text {

bool M4Engine::DebugFlags(absl::string_view letters, unsigned* flags) {
  if (letters.empty()) letters = "aeq";
  unsigned all = 0;
  for (const char letter : letters) {
    switch (letter) {
      case 'a':
        all |= kArguments;
        break;
      case 'c':
        all |= kSteps;
        break;
      case 'e':
        all |= kExpansion;
        break;
      case 'f':
        all |= kFile;
        break;
      case 'i':
        all |= kInput;
        break;
      case 'l':
        all |= kLine;
        break;
      case 'p':
        all |= kPath;
        break;
      case 'q':
        all |= kQuoteValues;
        break;
      case 't':
        all |= kAllCalls;
        break;
      case 'x':
        all |= kCallId;
        break;
      case 'V':
        all |= kArguments | kSteps | kExpansion | kFile | kInput | kLine |
               kPath | kQuoteValues | kAllCalls | kCallId;
        break;
      default:
        return false;
    }
  }
  *flags = all;
  return true;
}

void M4Engine::DebugText(absl::string_view text) {
  switch (debug_to_) {
    case DebugTo::kMessages:
      if (sinks_.messages) sinks_.messages(text);
      break;
    case DebugTo::kFile:
      system_->WriteDebug(text);
      break;
    case DebugTo::kNowhere:
      break;
  }
}

void M4Engine::DebugNote(M4Position at, absl::string_view text) {
  std::string line = "m4debug:";
  if (at.line != 0) {
    if ((debug_ & kFile) != 0) absl::StrAppend(&line, *at.file, ":");
    if ((debug_ & kLine) != 0) absl::StrAppend(&line, at.line, ":");
  }
  DebugText(absl::StrCat(line, " ", text, "\n"));
}

void M4Engine::OpenDebugFile(absl::string_view name) {
  if (name.empty()) {
    debug_to_ = DebugTo::kNowhere;
    return;
  }
  effects_.debug_file = true;
  const absl::Status opened = system_->OpenDebug(std::string(name));
  if (opened.ok()) {
    debug_to_ = DebugTo::kFile;
  } else {
    Warn(
        absl::StrCat("cannot set debug file `", name, "': ", opened.message()));
  }
}

std::string M4Engine::Description(const M4Name& name) const {
  if (name.top.builtin() != nullptr) {
    return absl::StrCat(name.name, ":\t<", name.top.builtin()->name, ">\n");
  }
  if ((debug_ & kQuoteValues) == 0) {
    return absl::StrCat(name.name, ":\t", name.top.text(), "\n");
  }
  return absl::StrCat(name.name, ":\t", input_.delimiters().open_quote,
                      name.top.text(), input_.delimiters().close_quote, "\n");
}

std::string M4Engine::TraceHeader(const CallPlace& call) const {
  std::string header = "m4trace:";
  if (call.opened.line != 0) {
    if ((debug_ & kFile) != 0) absl::StrAppend(&header, *call.opened.file, ":");
    if ((debug_ & kLine) != 0) absl::StrAppend(&header, call.opened.line, ":");
  }
  absl::StrAppend(&header, " -", call.level, "- ");
  if ((debug_ & kCallId) != 0) {
    absl::StrAppend(&header, "id ", call.id, ": ");
  }
  return header;
}

std::string M4Engine::Shown(absl::string_view text) const {
  const size_t most = options_.max_trace_argument;
  const bool cut = most != 0 && text.size() >= most;
  const bool quoted = (debug_ & kQuoteValues) != 0;
  return absl::StrCat(quoted ? input_.delimiters().open_quote : "",
                      cut ? text.substr(0, most) : text, cut ? "..." : "",
                      quoted ? input_.delimiters().close_quote : "");
}

void M4Engine::FlushTrace() {
  trace_line_ += '\n';
  DebugText(trace_line_);
  trace_line_.clear();
}

void M4Engine::TraceBefore(absl::string_view name, const CallPlace& call) {
  absl::StrAppend(&trace_line_, TraceHeader(call), name, " ...");
  FlushTrace();
}

void M4Engine::TraceCall(const M4Args& args, const CallPlace& call) {
  show_empty_result_ = false;
  absl::StrAppend(&trace_line_, TraceHeader(call), args.name());
  if (args.size() > 0 && (debug_ & kArguments) != 0) {
    for (size_t i = 1; i <= args.size(); ++i) {
      trace_line_ += i == 1 ? "(" : ", ";
      if (args.builtin(i) != nullptr) {
        absl::StrAppend(&trace_line_, "<", args.builtin(i)->name, ">");
      } else {
        trace_line_ += Shown(args[i]);
      }
    }
    trace_line_ += ')';
  }
  if ((debug_ & kSteps) != 0) {
    trace_line_ += " -> ???";
    FlushTrace();
  }
}

void M4Engine::TraceResult(const M4Args& args, const CallPlace& call,
                           absl::string_view result) {
  if ((debug_ & kSteps) != 0) {
    absl::StrAppend(&trace_line_, TraceHeader(call), args.name(),
                    args.size() > 0 ? "(...)" : "");
  }
  const bool show = std::exchange(show_empty_result_, false) || !result.empty();
  if (show && (debug_ & kExpansion) != 0) {
    absl::StrAppend(&trace_line_, " -> ", Shown(result));
  }
  FlushTrace();
}

}  // namespace text

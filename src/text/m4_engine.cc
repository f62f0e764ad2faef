#include "text/m4_engine.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace text {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// How many calls are made between two questions whether to stop.
constexpr uint32_t kCallsBetweenStops = 1024;

}  // namespace

M4Engine::M4Engine(M4Options options, M4System* system, M4Sinks sinks,
                   std::shared_ptr<const M4Definitions> begin)
    : options_(std::move(options)),
      system_(system == nullptr ? &no_system_ : system),
      sinks_(std::move(sinks)),
      names_(begin == nullptr ? M4Beginning(options_) : begin),
      input_(options_.limits.pushed_bytes, options_.synclines),
      output_(sinks_.output, options_.limits.output_bytes, options_.synclines) {
  if (begin != nullptr) input_.set_delimiters(begin->delimiters);
  if (!options_.debug_flags.empty()) {
    if (!DebugFlags(options_.debug_flags, &debug_)) {
      PutMessage({},
                 absl::StrCat("bad debug flags: `", options_.debug_flags, "'"));
    }
  }
  input_.on_file_end = [this](M4Position end, M4Position next) {
    output_.NewPlace();
    if ((debug_ & kInput) == 0) return;
    DebugNote(end, next.file == nullptr
                       ? "input exhausted"
                       : absl::StrCat("input reverted to ", *next.file,
                                      ", line ", next.line));
  };
}

void M4Engine::Expand(absl::string_view file, absl::string_view text) {
  if (ended_) return;
  input_.PushFile(file, text, nullptr);
  output_.NewPlace();
  if ((debug_ & kInput) != 0) {
    DebugNote(input_.position(), absl::StrCat("input read from ", file));
  }
  Run();
}

void M4Engine::ExpandStream(absl::string_view file,
                            std::function<bool(std::string& text)> more) {
  if (ended_) return;
  input_.PushStream(file, std::move(more));
  output_.NewPlace();
  if ((debug_ & kInput) != 0) {
    DebugNote(input_.position(), absl::StrCat("input read from ", file));
  }
  Run();
}

void M4Engine::ExpandFile(absl::string_view name) {
  if (ended_) return;
  absl::StatusOr<M4System::File> file = ReadFile(name);
  if (!file.ok()) {
    // The next file may be there, even with -EE.
    Say(absl::StrCat("cannot open `", name, "': ", file.status().message()));
    if (status_ == 0) status_ = 1;
    return;
  }
  ReadFrom(*std::move(file));
  Run();
}

int M4Engine::Finish() {
  while (!ended_ && input_.Unwrap()) Run();
  if (!ended_) {
    output_.Divert(0);
    output_.UndivertAll();
    WithinLimits("undivert", input_.position());
  }
  output_.Flush();
  return status();
}

int M4Engine::status() const { return status_; }

// --- the loop ---------------------------------------------------------------

void M4Engine::Run() {
  using Kind = M4Token::Kind;
  while (!ended_) {
    const M4Token token = input_.Next(!frames_.empty());
    if (token.kind == Kind::kOpenString || token.kind == Kind::kOpenComment) {
      Fatal(token.kind == Kind::kOpenString ? "ERROR: end of file in string"
                                            : "ERROR: end of file in comment",
            input_.string_begin());
    } else if (!frames_.empty()) {
      Argument(token);
    } else if (token.kind == Kind::kWord) {
      Word(token.text);
    } else if (token.kind == Kind::kEnd) {
      return;
    } else if (token.kind == Kind::kBuiltin) {
      // Outside of arguments it is nothing, not even an empty text.
    } else if (options_.synclines) {
      output_.Put(token.text, {input_.position().file, input_.token_line()});
    } else {
      output_.Put(token.text, {});
      if (output_.exceeded()) WithinLimits(last_macro_, input_.position());
    }
  }
}

void M4Engine::Word(absl::string_view word) {
  const M4Name* name = names_.Find(word);
  if (name == nullptr || !name->top ||
      (name->top.builtin() != nullptr &&
       name->top.builtin()->is(M4Builtin::kBlind) && !input_.AtOpen())) {
    if (!frames_.empty()) {
      collected_.append(word.data(), word.size());
    } else if (options_.synclines) {
      output_.Put(word, {input_.position().file, input_.token_line()});
    } else {
      output_.Put(word, {});
    }
    return;
  }
  CallPlace call;
  call.opened = input_.position();
  call.id = ++call_id_;
  call.level = static_cast<int>(frames_.size()) + 1;
  call.traced = name->traced || (debug_ & kAllCalls) != 0;
  const size_t nesting = options_.limits.nesting;
  if (nesting != 0 && frames_.size() >= nesting) {
    Fatal(absl::StrCat("recursion limit of ", nesting, " exceeded in `",
                       name->name, "'", options_.limits.nesting_advice),
          call.opened);
    return;
  }
  if (call.traced && (debug_ & kSteps) != 0) TraceBefore(name->name, call);
  if (!input_.AtOpen()) {
    // The definition may go while it is at work.
    const M4Value value = name->top;
    Perform(value, M4Args(name->name, nullptr, {}), call);
    return;
  }
  input_.SkipByte();
  Frame frame;
  frame.value = name->top;
  frame.name = name->name;
  frame.first_arg = args_.size();
  frame.text_begin = collected_.size();
  frame.call = call;
  BeginArgument(frame);
  frames_.push_back(std::move(frame));
}

void M4Engine::BeginArgument(Frame& frame) {
  frame.arg_begin = collected_.size();
  frame.arg_builtin = nullptr;
  frame.arg_opened = input_.position();
  frame.parentheses = 0;
  frame.skipping = true;
}

void M4Engine::EndArgument(Frame& frame) {
  const bool token = frame.arg_builtin != nullptr;
  const M4Builtin* callee = frame.value.builtin();
  const bool wants = callee != nullptr && callee->is(M4Builtin::kTokens);
  const size_t bytes = collected_.size() - frame.arg_begin;
  args_.push_back({frame.arg_begin, token ? 0 : bytes,
                   wants ? frame.arg_builtin : nullptr});
}

void M4Engine::Argument(const M4Token& token) {
  using Kind = M4Token::Kind;
  Frame& frame = frames_.back();
  absl::string_view text = token.text;
  if (frame.skipping) {
    if (token.kind == Kind::kText && !text.empty()) {
      size_t space = 0;
      while (space < text.size() && IsSpace(text[space])) ++space;
      text.remove_prefix(space);
      if (text.empty()) return;
    }
    frame.skipping = false;
  }
  switch (token.kind) {
    case Kind::kWord:
      Word(text);
      return;
    case Kind::kOpen:
      ++frame.parentheses;
      break;
    case Kind::kClose:
      if (frame.parentheses == 0) {
        EndArgument(frame);
        Complete();
        return;
      }
      --frame.parentheses;
      break;
    case Kind::kComma:
      if (frame.parentheses == 0) {
        EndArgument(frame);
        BeginArgument(frame);
        return;
      }
      break;
    case Kind::kBuiltin:
      if (collected_.size() == frame.arg_begin) {
        frame.arg_builtin = token.builtin;
      }
      return;
    case Kind::kEnd:
      Fatal("ERROR: end of file in argument list", frame.arg_opened);
      return;
    default:
      break;
  }
  collected_.append(text.data(), text.size());
}

void M4Engine::Complete() {
  Frame& frame = frames_.back();
  const absl::Span<const M4Arg> args =
      absl::MakeConstSpan(args_).subspan(frame.first_arg);
  // What the macro does cannot begin another frame: this one stays in place.
  Perform(frame.value, M4Args(frame.name, collected_.data(), args), frame.call);
  args_.resize(frame.first_arg);
  collected_.resize(frame.text_begin);
  frames_.pop_back();
}

void M4Engine::Perform(const M4Value& value, const M4Args& args,
                       const CallPlace& call) {
  last_macro_ = args.name();
  const M4Position closed = input_.position();
  input_.set_position(call.opened);
  if (call.traced) TraceCall(args, call);
  input_.PopUsed();
  M4Stack& stack = input_.stack();
  stack.Begin();
  Call(value, args, stack);
  if (!ended_ && WithinLimits(args.name(), call.opened)) {
    const absl::string_view result = stack.Unfinished();
    if (call.traced) TraceResult(args, call, result);
    input_.PushStacked(call.opened);
  }
  input_.set_position(closed);
}

void M4Engine::Call(const M4Value& value, const M4Args& args, M4Stack& out) {
  if (value.builtin() == nullptr) {
    ExpandText(value.text(), args, out);
    return;
  }
  value.builtin()->run(*this, args, out);
  while (next_value_) {
    const M4Value next = std::exchange(next_value_, M4Value());
    const M4Args next_args = next_args_;
    if (next.builtin() == nullptr) {
      ExpandText(next.text(), next_args, out);
    } else {
      next.builtin()->run(*this, next_args, out);
    }
  }
}

void M4Engine::ExpandText(absl::string_view body, const M4Args& args,
                          M4Stack& out) {
  const char* at = body.data();
  const char* end = at + body.size();
  while (true) {
    const char* dollar =
        at == end ? nullptr
                  : static_cast<const char*>(memchr(at, '$', end - at));
    if (dollar == nullptr) {
      out.Append(absl::string_view(at, end - at));
      return;
    }
    out.Append(absl::string_view(at, dollar - at));
    at = dollar + 1;
    if (at != end && IsDigit(*at)) {
      size_t i = 0;
      do {
        if (i <= args.size()) i = i * 10 + (*at - '0');
        ++at;
      } while (at != end && IsDigit(*at) && !options_.traditional);
      out.Append(args[i]);
    } else if (at != end && *at == '#') {
      out.Append(absl::StrCat(args.size()));
      ++at;
    } else if (at != end && (*at == '*' || *at == '@')) {
      AppendAll(args, 1, ",", *at == '@', out);
      ++at;
    } else {
      out.Append('$');
    }
  }
}

void M4Engine::AppendAll(const M4Args& args, size_t first,
                         absl::string_view between, bool quoted, M4Stack& out) {
  for (size_t i = first; i <= args.size(); ++i) {
    if (i > first) out.Append(between);
    if (quoted) {
      AppendQuoted(args[i], out);
    } else {
      out.Append(args[i]);
    }
  }
}

void M4Engine::AppendQuoted(absl::string_view text, M4Stack& out) {
  out.Append(input_.delimiters().open_quote);
  out.Append(text);
  out.Append(input_.delimiters().close_quote);
}

// --- the ends ---------------------------------------------------------------

bool M4Engine::WithinLimits(absl::string_view macro, M4Position at) {
  const M4Limits& limits = options_.limits;
  if (input_.stack().exceeded() ||
      (limits.pushed_bytes != 0 &&
       input_.stack().used() + collected_.size() > limits.pushed_bytes)) {
    LimitExceeded(absl::StrCat("limit of ", limits.pushed_bytes,
                               " bytes to be read again"),
                  macro, at);
    return false;
  }
  if (output_.exceeded()) {
    LimitExceeded(
        absl::StrCat("limit of ", limits.output_bytes, " bytes of output"),
        macro, at);
    return false;
  }
  if (limits.stop && ++calls_ % kCallsBetweenStops == 0) {
    const std::string reason = limits.stop();
    if (!reason.empty()) {
      Fatal(macro.empty() ? reason : absl::StrCat(reason, " in `", macro, "'"),
            at);
      return false;
    }
  }
  return true;
}

void M4Engine::LimitExceeded(absl::string_view what, absl::string_view macro,
                             M4Position at) {
  Fatal(macro.empty() ? absl::StrCat(what, " exceeded")
                      : absl::StrCat(what, " exceeded in `", macro, "'"),
        at);
}

void M4Engine::Fatal(absl::string_view text, M4Position at) {
  if (ended_) return;
  PutMessage(at, text);
  Exit(1);
}

void M4Engine::Exit(int status) {
  if (ended_) return;
  status_ = status;
  ended_ = true;
  output_.DropDiversions();
}

// --- for the builtins -------------------------------------------------------

void M4Engine::PutMessage(M4Position at, absl::string_view text) {
  if (!sinks_.messages) return;
  if (at.file == nullptr || at.line == 0) {
    sinks_.messages(absl::StrCat(options_.program, ": ", text, "\n"));
  } else {
    sinks_.messages(absl::StrCat(options_.program, ":", *at.file, ":", at.line,
                                 ": ", text, "\n"));
  }
}

void M4Engine::Say(absl::string_view text) {
  if (ended_) return;
  PutMessage(position(), text);
  if (options_.fatal_warnings > 0 && status_ == 0) status_ = 1;
}

void M4Engine::Warn(absl::string_view text) {
  Say(text);
  if (options_.fatal_warnings > 1) Exit(1);
}

bool M4Engine::Refuses(const M4Args& args) {
  if (!options_.safe) return false;
  Error(absl::StrCat(args.name(), ": disabled in safe mode"));
  return true;
}

bool M4Engine::Count(const M4Args& args, size_t min, size_t max) {
  if (args.size() < min) {
    Complain(absl::StrCat("Warning: too few arguments to builtin `",
                          args.name(), "'"));
    return false;
  }
  if (args.size() > max) {
    Complain(absl::StrCat("Warning: excess arguments to builtin `", args.name(),
                          "' ignored"));
  }
  return true;
}

bool M4Engine::Number(const M4Args& args, size_t i, int* value) {
  const absl::string_view text = args[i];
  const auto complain = [&](absl::string_view what) {
    Warn(absl::StrCat(what, " builtin `", args.name(), "'"));
  };
  if (text.empty()) {
    *value = 0;
    complain("empty string treated as 0 in");
    return true;
  }
  size_t at = 0;
  while (at < text.size() && IsSpace(text[at])) ++at;
  const bool minus = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const size_t digits = at;
  uint64_t number = 0;
  const uint64_t most = uint64_t{1} << 63;
  bool overflow = false;
  for (; at < text.size() && IsDigit(text[at]); ++at) {
    const uint64_t digit = text[at] - '0';
    if (number > (most - digit) / 10) overflow = true;
    number = overflow ? most : number * 10 + digit;
  }
  if (!minus && number == most) {
    overflow = true;
    number = most - 1;
  }
  if (at == digits || at != text.size()) {
    complain("non-numeric argument to");
    return false;
  }
  // GNU m4 takes the low bits of a long.
  *value =
      static_cast<int>(static_cast<uint32_t>(minus ? ~number + 1 : number));
  if (IsSpace(text[0])) {
    complain("leading whitespace ignored in");
  } else if (overflow) {
    complain("numeric overflow detected in");
  }
  return true;
}

absl::StatusOr<M4System::File> M4Engine::ReadFile(absl::string_view name) {
  if (name.empty()) return absl::NotFoundError("No such file or directory");
  absl::StatusOr<M4System::File> file = system_->Read(name);
  if (file.ok()) {
    effects_.files = true;
    if ((debug_ & kPath) != 0 && file->name != name) {
      DebugNote(position(), absl::StrCat("path search for `", name, "' found `",
                                         file->name, "'"));
    }
  }
  return file;
}

void M4Engine::ReadFrom(M4System::File file) {
  input_.PushFile(file.name, *file.content, file.content);
  output_.NewPlace();
  if ((debug_ & kInput) != 0) {
    DebugNote(position(), absl::StrCat("input read from ", file.name));
  }
}

void M4Engine::PrintMessage(absl::string_view text) {
  if (sinks_.messages) sinks_.messages(text);
}

void M4Engine::WarnOfBackslashZero() {
  if (std::exchange(warned_of_zero_, true)) return;
  Warn("Warning: \\0 will disappear, use \\& instead in replacements");
}

}  // namespace text

#include "text/m4.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <utility>

#include "text/m4_engine.h"

namespace text {

M4::M4(M4Options options, M4System* system, M4Sinks sinks,
       std::shared_ptr<const M4Definitions> begin)
    : engine_(std::make_unique<M4Engine>(std::move(options), system,
                                         std::move(sinks), std::move(begin))) {}
M4::M4(M4&&) noexcept = default;
M4::~M4() = default;

std::shared_ptr<const M4Definitions> M4::Definitions() const {
  return engine_->names().Freeze(engine_->input().delimiters());
}

void M4::Define(absl::string_view name, absl::string_view value) {
  engine_->names().Define(name, M4Value(value));
}
void M4::Undefine(absl::string_view name) { engine_->names().Undefine(name); }
void M4::Push(absl::string_view name, absl::string_view value) {
  engine_->names().Push(name, M4Value(value));
}
void M4::Pop(absl::string_view name) { engine_->names().Pop(name); }

bool M4::IsDefined(absl::string_view name) const {
  const M4Name* found = engine_->names().Find(name);
  return found != nullptr && found->top;
}
std::optional<absl::string_view> M4::Value(absl::string_view name) const {
  const M4Name* found = engine_->names().Find(name);
  if (found == nullptr || !found->top || found->top.builtin() != nullptr) {
    return std::nullopt;
  }
  return found->top.text();
}
void M4::Trace(absl::string_view name) {
  engine_->names().Own(name).traced = true;
}

void M4::Expand(absl::string_view file, absl::string_view text) {
  engine_->Expand(file, text);
}
void M4::ExpandStream(absl::string_view file,
                      std::function<bool(std::string& text)> more) {
  engine_->ExpandStream(file, std::move(more));
}
void M4::ExpandFile(absl::string_view name) { engine_->ExpandFile(name); }
void M4::SetDebugFile(absl::string_view name) { engine_->OpenDebugFile(name); }
void M4::Fail(absl::string_view text) { engine_->Error(text); }
void M4::Flush() { engine_->output().Flush(); }
int M4::Finish() { return engine_->Finish(); }
bool M4::ended() const { return engine_->ended(); }
int M4::status() const { return engine_->status(); }
const M4Effects& M4::effects() const { return engine_->effects(); }

absl::StatusOr<std::string> ExpandM4(
    absl::string_view file, absl::string_view text,
    std::shared_ptr<const M4Definitions> begin) {
  std::string output, messages;
  M4 m4({}, nullptr,
        {.output =
             [&](absl::string_view s) { output.append(s.data(), s.size()); },
         .messages =
             [&](absl::string_view s) { messages.append(s.data(), s.size()); }},
        std::move(begin));
  m4.Expand(file, text);
  if (m4.Finish() == 0) return output;
  return absl::InvalidArgumentError(absl::StripSuffix(messages, "\n"));
}

}  // namespace text

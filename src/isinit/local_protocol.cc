#include "isinit/local_protocol.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "isinit/attribute_values.h"
#include "wire/compress.h"
#include "wire/message.h"

namespace isinit {

namespace wire_pb = fleetbox::wire;
using wire_pb::IsinitRequest;

namespace {

absl::Status CheckName(absl::string_view name, absl::string_view what) {
  if (IsName(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      name.empty() ? absl::StrCat("the ", what, " is missing")
                   : absl::StrCat("that cannot be a ", what,
                                  ": 1 to 64 of A-Z a-z 0-9 _ . @ + -")));
}

}  // namespace

RequestReader::RequestReader() : frames_(base::kMaxIsinitRequestBytes) {}

void RequestReader::Add(absl::string_view bytes) {
  if (bytes.empty()) return;
  if (!started_) {
    started_ = true;
    text_ = bytes[0] != kFramedStart;
    if (!text_) bytes.remove_prefix(1);
  }
  if (text_) {
    line_.append(bytes.data(), bytes.size());
  } else {
    frames_.Add(bytes);
  }
}

void RequestReader::End() { ended_ = true; }

bool RequestReader::idle() const {
  return text_ ? line_.empty() : frames_.buffered() == 0;
}

absl::StatusOr<std::optional<IsinitRequest>> RequestReader::Next() {
  if (text_) return NextLine();
  TRY_ASSIGN(const std::optional<net::Frame> frame, frames_.Next());
  if (!frame.has_value()) return std::nullopt;
  if (frame->type != net::FrameType::kParcel) {
    return absl::InvalidArgumentError("a frame of another type");
  }
  TRY_ASSIGN(const std::string bytes,
             wire::UnpackValue(frame->content, base::kMaxIsinitRequestBytes));
  TRY_ASSIGN(IsinitRequest request,
             wire::Parse<IsinitRequest>(bytes, base::kMaxIsinitRequestBytes));
  TRY(CheckRequest(request));
  return request;
}

absl::StatusOr<std::optional<IsinitRequest>> RequestReader::NextLine() {
  const size_t end = line_.find('\n');
  const bool whole = end != std::string::npos;
  if ((whole ? end : line_.size()) > base::kMaxIsinitRequestBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a line of more than ", base::kMaxIsinitRequestBytes, " bytes"));
  }
  if (!whole && (!ended_ || !started_)) return std::nullopt;
  if (!whole && line_.empty()) return std::nullopt;
  const IsinitRequest request = RequestOfLine(line_.substr(0, end));
  line_.erase(0, whole ? end + 1 : line_.size());
  TRY(CheckRequest(request));
  return request;
}

// Differs: the original took every text that begins with "stopall" for the end
// of everything, a group called stopall2 included.
IsinitRequest RequestOfLine(absl::string_view text) {
  const std::vector<std::string> words =
      absl::StrSplit(absl::StripAsciiWhitespace(text), absl::ByAnyChar(" \t\r"),
                     absl::SkipEmpty());
  IsinitRequest request;
  if (words.size() == 1 && words[0] == "stopall") {
    request.set_verb(IsinitRequest::HALT);
  } else if (words.size() < 2) {
    request.set_verb(IsinitRequest::REREAD);
  } else {
    request.set_verb(IsinitRequest::TELL);
    request.set_group(words[0]);
    request.set_level(words[1]);
  }
  return request;
}

std::string EncodeRequest(const IsinitRequest& request) {
  return net::EncodeFrame(net::FrameType::kParcel,
                          wire::PackValue(wire::Serialize(request)));
}

std::string EncodeAnswer(const wire_pb::IsinitAnswer& answer, bool text) {
  if (!text) {
    return net::EncodeFrame(net::FrameType::kParcel,
                            wire::PackValue(wire::Serialize(answer)));
  }
  if (!answer.last()) return "";
  std::string line =
      absl::StrCat(answer.exit_code() <= 1 ? "ok " : "error ", answer.text());
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  absl::StripTrailingAsciiWhitespace(&line);
  return line + "\n";
}

absl::StatusOr<wire_pb::IsinitAnswer> DecodeAnswer(
    absl::string_view frame_content) {
  TRY_ASSIGN(const std::string bytes,
             wire::UnpackValue(frame_content, base::kMaxIsinitAnswerBytes));
  return wire::Parse<wire_pb::IsinitAnswer>(bytes, base::kMaxIsinitAnswerBytes);
}

absl::Status CheckRequest(const IsinitRequest& request) {
  switch (request.verb()) {
    case IsinitRequest::TELL:
      TRY(CheckName(request.group(), "group"));
      return CheckName(request.level(), "level");
    case IsinitRequest::WAIT:
      return CheckName(request.group(), "group");
    case IsinitRequest::START:
    case IsinitRequest::STOP:
    case IsinitRequest::RESTART:
    case IsinitRequest::LOG:
      return CheckName(request.tag(), "tag");
    case IsinitRequest::SIGNAL:
      if (request.signal() < 1 || request.signal() > 64) {
        return absl::InvalidArgumentError("there is no such signal");
      }
      return CheckName(request.tag(), "tag");
    case IsinitRequest::POWER:
      if (request.power() == IsinitRequest::POWER_NONE) {
        return absl::InvalidArgumentError("which power?");
      }
      return absl::OkStatus();
    case IsinitRequest::PUSH:
      if (request.generation() == 0) {
        return absl::InvalidArgumentError("generations are numbered from 1");
      }
      return absl::OkStatus();
    case IsinitRequest::STATUS:
    case IsinitRequest::REREAD:
    case IsinitRequest::UPGRADE:
    case IsinitRequest::HALT:
    case IsinitRequest::TABLE:
      return absl::OkStatus();
    default:
      return absl::InvalidArgumentError("that is no request of ours");
  }
}

}  // namespace isinit

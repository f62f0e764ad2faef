// What is said on the server's own socket. Pure.
//
// The first byte of a connection decides. Printable text is the original's
// protocol: a line "GROUP LEVEL" tells, "stopall" stops everything and ends the
// server, an empty line or "0 0" reads the table again; it is answered with one
// line that begins with "ok" or "error". The byte 0 begins ours: frames
// (net/frame.h) of type kParcel, each a packed (wire::PackValue) IsinitRequest,
// answered by packed IsinitAnswers. Nothing is signed: who asks is known from
// the kernel.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <optional>
#include <string>

#include "net/frame.h"
#include "wire/messages.pb.h"

namespace isinit {

inline constexpr char kFramedStart = '\0';

class RequestReader {
 public:
  RequestReader();
  void Add(absl::string_view bytes);
  // The other side sends nothing more: an unfinished line is a line.
  void End();
  // The next whole request; none when more bytes are needed. InvalidArgument
  // for what is neither, and for one of more than kMaxIsinitRequestBytes: the
  // connection is to be closed after the answer.
  absl::StatusOr<std::optional<fleetbox::wire::IsinitRequest>> Next();
  // How to answer: as text, or framed. Known with the first byte.
  bool text() const { return text_; }
  bool idle() const;  // no request has begun

 private:
  absl::StatusOr<std::optional<fleetbox::wire::IsinitRequest>> NextLine();

  net::FrameReader frames_;
  std::string line_;
  bool started_ = false, text_ = true, ended_ = false;
};

// The original's line. `text` without its end.
fleetbox::wire::IsinitRequest RequestOfLine(absl::string_view text);

std::string EncodeRequest(const fleetbox::wire::IsinitRequest& request);
std::string EncodeAnswer(const fleetbox::wire::IsinitAnswer& answer, bool text);
absl::StatusOr<fleetbox::wire::IsinitAnswer> DecodeAnswer(
    absl::string_view frame_content);

// InvalidArgument for a request that lacks what its verb needs, or has a group,
// level or tag that cannot be one.
absl::Status CheckRequest(const fleetbox::wire::IsinitRequest& request);

}  // namespace isinit

// What a step of a host's script (msrc --step) and the run that started the
// script say to each other, on a socket in the run's private folder. Pure.
//
//   step  4 bytes length, little endian; words, each behind its own length
//   run   any number of: 1 byte StepReply, 4 bytes length, bytes
//
// The last reply is kEnd: the step's exit code in 4 bytes, and a line for
// people. A connection that ends without it is the end of the run.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <optional>
#include <string>
#include <vector>

namespace msrc {

// The variables by which a script's steps find the program, and the socket.
inline constexpr char kStepProgram[] = "MSRC_PROGRAM";
inline constexpr char kStepSocket[] = "MSRC_STEPS";

// What a transfer ends with where a script is to take tar: no status of a
// host's.
inline constexpr int kUseTar = 254;

std::string EncodeStep(absl::Span<const std::string> words);
// The words once all have arrived. InvalidArgument when it is none, or of more
// than kMaxStepBytes.
absl::StatusOr<std::optional<std::vector<std::string>>> ReadStep(
    absl::string_view bytes);

enum class StepReply : uint8_t { kOutput = 1, kErrors = 2, kEnd = 3 };
std::string EncodeReply(StepReply kind, absl::string_view bytes);
std::string EncodeEnd(int status, absl::string_view line);

// Cuts replies out of what arrives.
class StepReplyReader {
 public:
  struct Reply {
    StepReply kind = StepReply::kOutput;
    std::string bytes;  // of kEnd: the line
    int status = 0;     // of kEnd
  };
  void Feed(absl::string_view bytes) {
    bytes_.append(bytes.data(), bytes.size());
  }
  // InvalidArgument.
  absl::StatusOr<std::optional<Reply>> Next();

 private:
  std::string bytes_;
};

}  // namespace msrc

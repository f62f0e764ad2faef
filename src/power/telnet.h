// Telnet's options, taken out of what a device sends (RFC 854): powerman's
// answers, no more. We never ask for anything ourselves, so that no loop of
// answers can begin. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>

namespace power {

class TelnetFilter {
 public:
  // What is left for the dialogue. Answers are appended to `reply`, which goes
  // to the device as it is.
  std::string Receive(absl::string_view bytes, std::string* reply);
  // What is sent, with 0xFF doubled.
  static std::string Send(absl::string_view bytes);

 private:
  enum class State : uint8_t {
    kData,
    kCommand,     // behind IAC
    kOption,      // behind DO, DONT, WILL or WONT
    kParameters,  // behind SB
    kParametersCommand,
  };
  void Byte(unsigned char byte, std::string* data, std::string* reply);
  void Command(unsigned char byte, std::string* data);
  void Option(unsigned char option, std::string* reply) const;

  State state_ = State::kData;
  unsigned char command_ = 0;
  size_t parameter_bytes_ = 0;
};

}  // namespace power

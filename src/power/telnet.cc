#include "power/telnet.h"

#include <absl/strings/match.h>

#include "power/limits.h"

namespace power {
namespace {

constexpr unsigned char kEndOfParameters = 240;
constexpr unsigned char kParametersFollow = 250;
constexpr unsigned char kWill = 251, kWont = 252, kDo = 253, kDont = 254;
constexpr unsigned char kIac = 255;

enum class Answer { kNone, kWill, kWont };

// What we say to DO of an option (powerman's device_telnet). We neither echo
// nor tell a window, but a device that asks waits for an answer.
Answer AnswerTo(unsigned char option) {
  switch (option) {
    case 3:  // suppress go ahead
    case 6:  // timing mark
      return Answer::kWill;
    case 0:   // binary
    case 1:   // echo
    case 24:  // terminal type
    case 31:  // window size
    case 32:  // terminal speed
    case 33:  // remote flow control
    case 35:  // X display
    case 36:  // environment, as it was
    case 39:  // environment
      return Answer::kWont;
  }
  return Answer::kNone;
}

}  // namespace

std::string TelnetFilter::Receive(absl::string_view bytes, std::string* reply) {
  if (state_ == State::kData && !absl::StrContains(bytes, '\xff')) {
    return std::string(bytes);
  }
  std::string data;
  data.reserve(bytes.size());
  for (const char c : bytes) {
    Byte(static_cast<unsigned char>(c), &data, reply);
  }
  return data;
}

std::string TelnetFilter::Send(absl::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += c;
    if (static_cast<unsigned char>(c) == kIac) out += c;
  }
  return out;
}

void TelnetFilter::Byte(unsigned char byte, std::string* data,
                        std::string* reply) {
  switch (state_) {
    case State::kData:
      if (byte == kIac) {
        state_ = State::kCommand;
      } else {
        *data += static_cast<char>(byte);
      }
      return;
    case State::kCommand:
      return Command(byte, data);
    case State::kOption:
      state_ = State::kData;
      if (command_ == kDo) Option(byte, reply);
      return;
    case State::kParameters:
      // One without an end would swallow all that comes.
      if (byte == kIac) {
        state_ = State::kParametersCommand;
      } else if (++parameter_bytes_ > kMaxTelnetOptionBytes) {
        state_ = State::kData;
      }
      return;
    case State::kParametersCommand:
      state_ = byte == kEndOfParameters ? State::kData : State::kParameters;
      return;
  }
}

void TelnetFilter::Command(unsigned char byte, std::string* data) {
  state_ = State::kData;
  switch (byte) {
    case kIac:
      *data += static_cast<char>(kIac);
      return;
    case kParametersFollow:
      parameter_bytes_ = 0;
      state_ = State::kParameters;
      return;
    case kDo:
    case kDont:
    case kWill:
    case kWont:
      command_ = byte;
      state_ = State::kOption;
      return;
  }
}

void TelnetFilter::Option(unsigned char option, std::string* reply) const {
  const Answer answer = AnswerTo(option);
  if (answer == Answer::kNone) return;
  *reply += static_cast<char>(kIac);
  *reply += static_cast<char>(answer == Answer::kWill ? kWill : kWont);
  *reply += static_cast<char>(option);
}

}  // namespace power

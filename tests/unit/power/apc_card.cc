#include "unit/power/apc_card.h"

#include <absl/strings/str_cat.h>

namespace power_test {
namespace {

constexpr char kPrompt[] =
    "\r\n\r\n     <ESC>- Back, <ENTER>- Refresh, <CTRL-L>- Event Log\r\n> ";

}  // namespace

std::string ApcCard::Connect(const std::vector<std::string>&) {
  mode_ = Mode::kUser;
  where_.clear();
  return "\r\nUser Name : ";
}

std::string ApcCard::Menu() const {
  if (AtControl()) return Control();
  if (InOutlet()) {
    return absl::StrCat("\r\n------- Outlet ", where_.substr(where_.size() - 1),
                        " -------\r\n\r\n  1- Control Outlet\r\n  2- Configure "
                        "Outlet\r\n",
                        kPrompt);
  }
  if (AtOutlets()) return Outlets();
  if (where_.empty()) {
    return "\r\n------- Control Console -------\r\n\r\n  1- Device Manager\r\n"
           "  2- Network\r\n  3- System\r\n  4- Logout\r\n\r\n     <ESC>- Main "
           "Menu, <ENTER>- Refresh\r\n> ";
  }
  return absl::StrCat("\r\n------- Menu ", where_,
                      " -------\r\n\r\n  1- One\r\n",
                      "  2- Two\r\n  3- Three\r\n", kPrompt);
}

std::string ApcCard::Outlets() const {
  std::string text = "\r\n------- Outlets -------\r\n\r\n";
  for (size_t i = 0; i < outlets.size(); i++) {
    absl::StrAppend(&text, "     ", i + 1, "- Outlet ", i + 1,
                    "                ", outlets[i] ? "ON" : "OFF", "\r\n");
  }
  return absl::StrCat(text, "     5- Master Control/Configuration\r\n",
                      kPrompt);
}

std::string ApcCard::Control() const {
  std::string text = "\r\n------- Control Outlet -------\r\n\r\n";
  for (int i = 1; i <= 7; i++) {
    const std::string key = absl::StrCat(i);
    const std::string what = key == on_       ? "Immediate On"
                             : key == off_    ? "Immediate Off"
                             : key == reboot_ ? "Immediate Reboot"
                                              : "Delayed On";
    absl::StrAppend(&text, "     ", key, "- ", renamed ? "Something" : what,
                    "\r\n");
  }
  return text + kPrompt;
}

std::string ApcCard::Receive(absl::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    if (c == '\033') {
      line_.clear();
      if (mode_ == Mode::kMenu && !where_.empty()) where_.pop_back();
      if (mode_ == Mode::kMenu) out += Menu();
    } else if (c == '\r' || c == '\n') {
      // A line feed behind a carriage return is no second ENTER.
      if (c == '\n' && mode_ != Mode::kPassword && line_.empty() &&
          !out.empty()) {
        continue;
      }
      out += Key(line_);
      line_.clear();
    } else {
      line_ += c;
    }
    if (closes) break;
  }
  return out;
}

std::string ApcCard::Key(absl::string_view key) {
  switch (mode_) {
    case Mode::kUser:
      mode_ = Mode::kPassword;
      pending_ = std::string(key);
      return "\r\nPassword  : ";
    case Mode::kPassword:
      if (pending_ != kUser || key != kSecret) {
        mode_ = Mode::kUser;
        return "\r\n\r\nUser Name : ";
      }
      mode_ = Mode::kMenu;
      return Menu();
    case Mode::kMenu:
      return key.empty() ? Menu() : Choose(std::string(key));
    case Mode::kConfirm: {
      mode_ = Mode::kMenu;
      if (key != "YES") return Menu();
      switched++;
      const size_t outlet = static_cast<size_t>(where_[path_.size()] - '1');
      // Its own reboot leaves what is off as it is.
      if (pending_ == on_) outlets[outlet] = true;
      if (pending_ == off_) outlets[outlet] = false;
      mode_ = Mode::kContinue;
      return "\r\n  Command successfully issued.\r\n\r\n  Press <ENTER> to "
             "continue...";
    }
    case Mode::kContinue:
      mode_ = Mode::kMenu;
      return Menu();
  }
  return "";
}

std::string ApcCard::Choose(const std::string& key) {
  if (where_.empty() && key == "4") {
    closes = true;
    return "\r\nBye.\r\n";
  }
  if (AtControl()) {
    pending_ = key;
    mode_ = Mode::kConfirm;
    return absl::StrCat("\r\n  Command: ", key,
                        "\r\n\r\n  Enter 'YES' to continue or <ENTER> to "
                        "cancel : ");
  }
  if (!AtOutlets() && !InOutlet() &&
      path_.compare(0, where_.size() + 1, where_ + key) != 0) {
    return absl::StrCat("\r\nNo such item.\r\n", Menu());
  }
  where_ += key[0];
  return Menu();
}

}  // namespace power_test

// An APC card as its menus are: a tree, ESC goes back, ENTER shows again.
#pragma once

#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "unit/power/fake_device.h"

namespace power_test {

class ApcCard : public FakeDevice {
 public:
  // Which menus lead to the outlets, and whether an outlet has a menu of its
  // own in front of the one that switches: "12", "121", true.
  ApcCard(std::string path, bool control_menu, std::string on, std::string off,
          std::string reboot)
      : path_(std::move(path)),
        control_menu_(control_menu),
        on_(std::move(on)),
        off_(std::move(off)),
        reboot_(std::move(reboot)) {}

  std::string Connect(const std::vector<std::string>& program) override;
  std::string Receive(absl::string_view bytes) override;

  std::vector<bool> outlets = {true, true, true, false};
  // A firmware on which the keys mean something else.
  bool renamed = false;

 private:
  enum class Mode { kUser, kPassword, kMenu, kConfirm, kContinue };
  std::string Key(absl::string_view key);
  std::string Menu() const;
  std::string Outlets() const;
  std::string Control() const;
  std::string Choose(const std::string& key);
  bool AtOutlets() const { return where_ == path_; }
  bool InOutlet() const { return where_.size() > path_.size(); }
  bool AtControl() const {
    return where_.size() == path_.size() + (control_menu_ ? 2 : 1);
  }

  std::string path_;
  bool control_menu_;
  std::string on_, off_, reboot_;
  Mode mode_ = Mode::kUser;
  std::string where_, line_, pending_;
};

}  // namespace power_test

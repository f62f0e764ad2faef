// Programs of others, beside a loop.
#pragma once

#include <absl/time/time.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sys/child.h"
#include "sys/file.h"
#include "sys/loop.h"

namespace power_test {

// Whether it is installed; else a line says that the test is skipped.
bool Have(const std::string& program);

// Runs it to its end, 20 seconds at most, while the loop turns. What it prints,
// both ways, is returned, and a last line "[exit N]".
std::string RunBeside(sys::Loop& loop, const std::vector<std::string>& argv);

// A server of others, in a folder of its own; ended with its object.
class Program {
 public:
  Program();
  const std::string& folder() const { return folder_.path(); }
  std::string Path(const std::string& name) const;
  void Write(const std::string& name, const std::string& text, int mode = 0644);
  std::string Read(const std::string& name) const;
  void Start(const std::vector<std::string>& argv);

 private:
  sys::TemporaryFolder folder_;
  std::optional<sys::Child> child_;
};

// A port of UDP that nobody has just now.
int FreeUdpPort(const std::string& address);

// Turns the loop until it is so, at most half a minute.
void Await(sys::Loop& loop, const std::function<bool()>& ready);

}  // namespace power_test

// What is sent to every host, as the scripts are told of it. Pure.
#pragma once

#include <string>
#include <vector>

namespace msrc {

struct PayloadFile {
  std::string source, target;
  int mode = 0644;
  bool folder = false;  // all that is in it, of SEND; a cache directory, of MAP
};

struct Payload {
  std::vector<PayloadFile> send, map;
  struct Folder {
    std::string name;
    int mode = 0755;
  };
  std::vector<Folder> subdirs;
  std::vector<std::string> ignore;
  std::vector<std::string> revisions;  // folders of them that are here
};

}  // namespace msrc

#include "engine/disk.hpp"

#include "base/format.hpp"

namespace millwright::engine {

Result<Bytes> read_whole(Disk& disk, std::string_view path) {
  auto file = disk.open_read(path);
  if (!file) return pass(std::move(file));
  auto size = (*file)->size();
  if (!size) return pass(std::move(size), fmt::format("reading {}", path));
  Bytes content(static_cast<std::size_t>(*size));
  auto read = (*file)->read_at(0, content);
  if (!read) return pass(std::move(read), fmt::format("reading {}", path));
  content.resize(*read);
  return content;
}

Result<void> replace_whole(Disk& disk, std::string_view path, ByteView content) {
  const std::string temporary = std::string(path) + ".tmp";
  const auto slash = path.rfind('/');
  const std::string_view parent =
      slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
  const auto write = [&]() -> Result<void> {
    {
      auto file = disk.open_append(temporary);
      if (!file) return pass(std::move(file));
      // What an interrupted attempt left behind.
      if (auto emptied = (*file)->truncate(0); !emptied) return emptied;
      if (auto appended = (*file)->append(content); !appended) return appended;
      if (auto synced = (*file)->sync(); !synced) return synced;
    }
    if (auto renamed = disk.rename(temporary, path); !renamed) return renamed;
    return disk.sync_directory(parent);
  };
  auto written = write();
  if (!written) return pass(std::move(written), fmt::format("replacing {}", path));
  return {};
}

}  // namespace millwright::engine

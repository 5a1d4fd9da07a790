// A review as JSON and as a printable page.
#include <cmath>

#include "base/format.hpp"
#include "stewardship/review.hpp"

namespace millwright::stewardship {
namespace {

using catalog::Node;

Node number_or_null(double value) {
  return std::isfinite(value) ? Node::make_number(value) : Node{};
}

Node node_of(const Figure& figure) {
  const bool known = figure.kind != Figure::Kind::unknown;
  const bool estimate = figure.kind == Figure::Kind::estimate;
  Node out = Node::make_map();
  out.add("label", Node::make_text(figure.label));
  out.add("state", Node::make_text(known ? (estimate ? "estimate" : "count") : "unknown"));
  out.add("text", Node::make_text(figure.text()));
  out.add("value", known ? number_or_null(figure.value) : Node{});
  out.add("low", estimate ? number_or_null(figure.interval.low) : Node{});
  out.add("high", estimate ? number_or_null(figure.interval.high) : Node{});
  out.add("level", estimate ? Node::make_number(figure.level) : Node{});
  out.add("n", Node::make_integer(static_cast<std::int64_t>(figure.n)));
  out.add("unit", Node::make_text(figure.unit));
  out.add("note", Node::make_text(figure.note));
  out.add("retrospective", Node::make_boolean(figure.retrospective));
  out.add("simulated", Node::make_boolean(figure.simulated));
  out.add("query", Node::make_text(figure.evidence.query));
  out.add("data_digest", Node::make_text(figure.evidence.data_digest));
  return out;
}

Node texts(const std::vector<std::string>& values) {
  Node out = Node::make_list();
  for (const auto& value : values) out.items.push_back(Node::make_text(value));
  return out;
}

Node node_of(const Table& table) {
  Node rows = Node::make_list();
  for (const auto& row : table.rows) rows.items.push_back(texts(row));
  Node out = Node::make_map();
  out.add("title", Node::make_text(table.title));
  out.add("columns", texts(table.columns));
  out.add("rows", std::move(rows));
  out.add("empty", Node::make_text(table.empty));
  return out;
}

Node node_of(const Section& section) {
  Node figures = Node::make_list();
  for (const auto& figure : section.figures) figures.items.push_back(node_of(figure));
  Node tables = Node::make_list();
  for (const auto& table : section.tables) tables.items.push_back(node_of(table));
  Node out = Node::make_map();
  out.add("title", Node::make_text(section.title));
  out.add("text", texts(section.text));
  out.add("figures", std::move(figures));
  out.add("tables", std::move(tables));
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

constexpr std::string_view style =
    "@page{size:A4;margin:18mm 16mm}\n"
    "body{font:11pt/1.45 system-ui,sans-serif;color:#111;max-width:48rem;margin:2rem auto;"
    "padding:0 1rem}\n"
    "h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:1.6rem 0 .4rem;"
    "border-bottom:1px solid #999}\n"
    "table{border-collapse:collapse;width:100%;font-size:.86rem}"
    "th,td{text-align:left;vertical-align:top;padding:.2rem .5rem .2rem 0;"
    "border-bottom:1px solid #ccc;overflow-wrap:anywhere}\n"
    ".outcome{font-size:1.1rem}.figure{margin:.5rem 0;break-inside:avoid}"
    ".value{font-size:1.25rem;font-weight:600}.unknown{color:#7a3e00}\n"
    ".mark{border:1px solid #7a3e00;color:#7a3e00;border-radius:.2rem;padding:0 .3rem;"
    "font-size:.78rem;margin-left:.4rem}\n"
    ".banner{border:2px solid #7a3e00;padding:.4rem .6rem;margin:.8rem 0}\n"
    ".note{color:#444;font-size:.86rem}code{font-size:.8rem;overflow-wrap:anywhere}\n"
    "@media print{body{margin:0;max-width:none;padding:0}h2{break-after:avoid}}\n";

/// Queries and digests stand at the end; a number refers to its own.
class Sources {
 public:
  std::string reference(const Evidence& evidence) {
    if (evidence.query.empty()) return " <span class=\"note\">(no query)</span>";
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (all_[i].query == evidence.query && all_[i].data_digest == evidence.data_digest) {
        return link(i);
      }
    }
    all_.push_back(evidence);
    return link(all_.size() - 1);
  }
  std::string list() const {
    std::string out;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      out +=
          fmt::format("<li id=\"source-{}\"><code>{}</code><br>data digest <code>{}</code></li>\n",
                      i + 1, escaped(all_[i].query),
                      all_[i].data_digest.empty() ? "not known" : escaped(all_[i].data_digest));
    }
    return out;
  }

 private:
  static std::string link(std::size_t i) {
    return fmt::format(" <a href=\"#source-{0}\">[{0}]</a>", i + 1);
  }
  std::vector<Evidence> all_;
};

std::string html_of(const Figure& figure, Sources& sources) {
  const bool known = figure.kind != Figure::Kind::unknown;
  std::string out =
      fmt::format("<div class=\"figure\">{}: <span class=\"value{}\">{}</span>",
                  escaped(figure.label), known ? "" : " unknown", escaped(figure.text()));
  if (figure.retrospective) out += "<span class=\"mark\">retrospective</span>";
  if (figure.simulated) out += "<span class=\"mark\">simulated</span>";
  if (known || !figure.evidence.query.empty()) out += sources.reference(figure.evidence);
  if (known && !figure.note.empty()) {
    out += fmt::format("<div class=\"note\">{}</div>", escaped(figure.note));
  }
  return out + "</div>\n";
}

std::string html_of(const Table& table) {
  if (table.rows.empty()) {
    return fmt::format("<p>{}: {}.</p>\n", escaped(table.title), escaped(table.empty));
  }
  std::string out =
      fmt::format("<table><caption class=\"note\">{}</caption><tr>", escaped(table.title));
  for (const auto& column : table.columns) out += fmt::format("<th>{}</th>", escaped(column));
  out += "</tr>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (const auto& cell : row) out += fmt::format("<td>{}</td>", escaped(cell));
    out += "</tr>\n";
  }
  return out + "</table>\n";
}

std::string head_of(const Review& review) {
  std::string out = fmt::format(
      "<h1>Review: {}</h1>\n<p class=\"outcome\">{}</p>\n<p>Use case <code>{}</code> (digest "
      "<code>{}</code>), stage {}. Owner: {}. Sponsor: {}.<br>Period {} to {}. Made {}. Next "
      "review "
      "{}.</p>\n",
      escaped(review.title), escaped(review.outcome), escaped(review.use_case),
      escaped(review.spec_digest), escaped(review.stage),
      review.owner.empty() ? "not known" : escaped(review.owner),
      review.sponsor.empty() ? "none" : escaped(review.sponsor), to_rfc3339(review.from),
      to_rfc3339(review.until), to_rfc3339(review.generated), to_rfc3339(review.next));
  if (review.simulated) {
    out += "<p class=\"banner\">Simulated: the data of this use case come from a simulator.</p>\n";
  }
  if (review.retrospective) {
    out +=
        "<p class=\"banner\">Retrospective: the truth was known before. These numbers say how good "
        "the verdicts are, not what they changed.</p>\n";
  }
  return out;
}

}  // namespace

catalog::Node node_of(const Review& review) {
  Node sections = Node::make_list();
  for (const auto& section : review.sections) sections.items.push_back(node_of(section));
  Node out = Node::make_map();
  out.add("use_case", Node::make_text(review.use_case));
  out.add("title", Node::make_text(review.title));
  out.add("outcome", Node::make_text(review.outcome));
  out.add("spec_digest", Node::make_text(review.spec_digest));
  out.add("stage", Node::make_text(review.stage));
  out.add("owner", Node::make_text(review.owner));
  out.add("sponsor", Node::make_text(review.sponsor));
  out.add("from", Node::make_text(to_rfc3339(review.from)));
  out.add("until", Node::make_text(to_rfc3339(review.until)));
  out.add("generated", Node::make_text(to_rfc3339(review.generated)));
  out.add("next", Node::make_text(to_rfc3339(review.next)));
  out.add("simulated", Node::make_boolean(review.simulated));
  out.add("retrospective", Node::make_boolean(review.retrospective));
  out.add("sections", std::move(sections));
  return out;
}

std::string html_of(const Review& review) {
  Sources sources;
  std::string body = head_of(review);
  for (const auto& section : review.sections) {
    body += fmt::format("<h2>{}</h2>\n", escaped(section.title));
    for (const auto& text : section.text) body += fmt::format("<p>{}</p>\n", escaped(text));
    for (const auto& figure : section.figures) body += html_of(figure, sources);
    for (const auto& table : section.tables) body += html_of(table);
  }
  const auto list = sources.list();
  body += "<h2>Queries and data</h2>\n";
  body += list.empty() ? "<p>none</p>\n" : "<ol>\n" + list + "</ol>\n";
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Review: "
      "{}</title>\n<style>\n{}</style></head>\n<body>\n{}</body>\n</html>\n",
      escaped(review.title), style, body);
}

}  // namespace millwright::stewardship

package tenants

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits on what a folder may hold. A manifest is small; what is larger is a mistake or an attack, and
// the parser's time grows with the square of some shapes (measured: 100,000 keys in one mapping take
// minutes), so tokens are counted before it runs.
const (
	maxFile     = 1 << 20  // bytes of a YAML file
	maxLogo     = 64 << 10 // bytes of logo.svg
	maxFiles    = 200      // agency files
	maxTokens   = 20_000   // of a file; the largest that we ship has 1,500
	maxTotal    = 200_000  // of all files together
	maxNesting  = 12       // brackets within brackets; a manifest needs three
	maxProblems = 500      // listed; who has more mends these first
)

// position is where something stands, both from 1; columns count characters, not bytes.
type position struct{ line, column int }

// document is one file of the folder: its tree, and where each of its values stands.
type document struct {
	file   string
	root   ast.Node            // nil when empty or unreadable
	at     map[string]position // path -> value
	keys   map[string]position // path -> key
	broken map[string]bool     // paths whose value could not be read: nothing more is said about them
	widths []int               // of the lines, in characters
	sink   func(Problem)       // where problems go
}

func newDocument(file string, sink func(Problem)) *document {
	return &document{
		file: file, sink: sink,
		at: map[string]position{}, keys: map[string]position{}, broken: map[string]bool{},
	}
}

// report notes a problem at a path. It stands at the value; for a value that is not there, at its
// parent. What could not be read was reported when it was read: to call it missing too would mislead.
func (d *document) report(path string, rule Rule, value, suggestion string, w words) {
	if !d.broken[path] {
		d.reportAt(d.find(path), path, rule, value, suggestion, w)
	}
}

// unreadable reports a value that does not fit where it stands.
func (d *document) unreadable(path string, rule Rule, value, suggestion string, w words) {
	d.report(path, rule, value, suggestion, w)
	d.broken[path] = true
}

func (d *document) reportAt(at position, path string, rule Rule, value, suggestion string, w words) {
	at = d.within(at)
	d.sink(Problem{
		File: d.file, Line: at.line, Column: at.column, Path: path, Rule: rule, Value: value,
		Message: w.id, MessageEN: w.en, Suggestion: suggestion,
	})
}

// within keeps a position inside the file. The lexer loses count in some texts that are no YAML anyway,
// and an editor that is sent past the end of a line goes nowhere.
func (d *document) within(at position) position {
	if len(d.widths) == 0 {
		return at
	}
	at.line = min(at.line, len(d.widths))
	at.column = min(at.column, d.widths[at.line-1]+1)
	return at
}

// find gives where a path stands, or its nearest parent that stands somewhere.
func (d *document) find(path string) position {
	for p := path; ; {
		if at, ok := d.at[p]; ok {
			return at
		}
		cut := strings.LastIndexAny(p, ".[")
		if cut <= 0 {
			break
		}
		p = p[:cut]
	}
	if at, ok := d.at[""]; ok {
		return at
	}
	return position{1, 1}
}

// parse reads text into d.root. What it cannot read it reports, and tells by false that there is no
// tree. budget is what is left of the folder's tokens.
func (d *document) parse(text []byte, budget *int) (ok bool) {
	text = unixLines(trimBOM(text))
	if at, w, bad := badText(text); bad {
		d.reportAt(at, "", RuleText, "", "", w)
		return false
	}
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		d.widths = append(d.widths, utf8.RuneCount(line))
	}
	// The lexer and the parser are ours neither to trust nor to mend: a panic in them is a file that
	// cannot be read, not the end of the process.
	defer func() {
		if r := recover(); r != nil {
			d.reportAt(position{1, 1}, "", RuleSyntax, "", "", say(
				"tulisan YAML dalam berkas ini tidak dapat dibaca; periksa tanda kurung, tanda petik, dan jorok barisnya",
				"the YAML in this file cannot be read; check its brackets, quotes and indentation"))
			ok = false
		}
	}()
	tokens := lexer.Tokenize(string(text))
	if !d.allow(tokens, budget) {
		return false
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return false
	}
	for i, doc := range file.Docs {
		if i == 0 {
			d.root = doc.Body
			continue
		}
		at := position{1, 1}
		if doc.Start != nil {
			at = place(doc.Start)
		}
		d.reportAt(at, "", RuleRefused, "---", "", say(
			"satu berkas memuat satu dokumen; hapus baris \"---\" dan isi sesudahnya, atau pindahkan ke berkas lain",
			"a file holds one document; remove the \"---\" line and what follows it, or move that to another file"))
		return false
	}
	if d.root == nil {
		d.reportAt(position{1, 1}, "", RuleRequired, "", "", say("berkas ini kosong", "this file is empty"))
		return false
	}
	return true
}

// allow looks at the tokens before the parser does: it refuses what a manifest has no use for and what
// would cost too much, and reports each occurrence.
func (d *document) allow(tokens token.Tokens, budget *int) bool {
	if n := len(tokens); n > maxTokens || n > *budget {
		d.reportAt(position{1, 1}, "", RuleFile, "", "", say(
			"berkas ini memuat terlalu banyak isian; bagilah ke beberapa berkas",
			"this file has too many entries; divide it into several files"))
		return false
	}
	*budget -= len(tokens)
	fine, depth, dashes, line := true, 0, 0, 0
	refuse := func(tk *token.Token, w words) {
		fine = false
		d.reportAt(place(tk), "", RuleRefused, tk.Value, "", w)
	}
	for _, tk := range tokens {
		if tk.Position == nil {
			continue
		}
		if tk.Position.Line != line {
			line, dashes = tk.Position.Line, 0
		}
		switch tk.Type {
		case token.AnchorType, token.AliasType:
			refuse(tk, say(
				"jangkar (&) dan rujukan (*) YAML tidak dipakai di sini; tuliskan isinya, atau beri tanda petik bila memang bagian dari teks",
				"YAML anchors (&) and aliases (*) are not used here; write the value out, or quote it if it is text"))
		case token.TagType:
			refuse(tk, say(
				"tanda jenis YAML (!) tidak dipakai di sini; hapus, atau beri tanda petik bila memang bagian dari teks",
				"YAML tags (!) are not used here; remove it, or quote it if it is text"))
		case token.MergeKeyType:
			refuse(tk, say("penggabungan YAML (<<) tidak dipakai di sini; tuliskan isinya",
				"YAML merging (<<) is not used here; write the values out"))
		case token.DirectiveType:
			refuse(tk, say("arahan YAML (%%) tidak dipakai di sini; hapus, atau beri tanda petik bila memang bagian dari teks",
				"YAML directives (%%) are not used here; remove it, or quote it if it is text"))
		case token.MappingKeyType:
			refuse(tk, say("bentuk \"? kunci\" tidak dipakai di sini; tulis \"kunci: isi\"",
				"the form \"? key\" is not used here; write \"key: value\""))
		case token.SequenceEntryType:
			dashes++
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		}
		if depth > maxNesting || dashes > maxNesting {
			refuse(tk, say("isian bersarang terlalu dalam", "nested too deeply"))
			return false
		}
	}
	return fine
}

// phrases turn the parser's English into something that a person can act on, by how it begins.
var phrases = []struct{ begins, id string }{
	{"could not find end character of double-quoted", "tanda petik ganda (\") dibuka tetapi tidak ditutup"},
	{"could not find end character of single-quoted", "tanda petik tunggal (') dibuka tetapi tidak ditutup"},
	{"',' or ']'", "daftar dalam kurung siku kurang koma atau belum ditutup dengan \"]\""},
	{"sequence end token", "daftar dalam kurung siku belum ditutup dengan \"]\""},
	{"',' or '}'", "isian dalam kurung kurawal kurang koma atau belum ditutup dengan \"}\""},
	{"could not find flow map", "isian dalam kurung kurawal belum ditutup dengan \"}\""},
	{"could not find '['", "ada \"]\" tanpa \"[\" pembukanya"},
	{"could not find '{'", "ada \"}\" tanpa \"{\" pembukanya"},
	{"mapping value is not allowed", "tanda \":\" tidak dapat berada di sini; beri tanda petik pada teks yang memuat \": \", atau sejajarkan baris berikutnya"},
	{"value is not allowed", "isian tidak dapat berada di sini; sejajarkan dengan baris lain di atasnya"},
	{"non-map value", "di sini seharusnya \"kunci: isi\""},
	{"unexpected key name", "kunci ini tidak dapat berada di sini; mungkin kurang tanda \":\" pada baris ini"},
	{"found unknown escape", "garis miring terbalik dalam tanda petik ganda harus ditulis dua kali (\\\\)"},
	{"'@' is a reserved", "teks yang diawali \"@\" perlu tanda petik"},
	{"'`' is a reserved", "teks yang diawali \"`\" perlu tanda petik"},
	{"block sequence entries are not allowed", "daftar dengan \"-\" harus dimulai pada baris baru"},
}

// syntax reports what the parser did not understand, where it stopped.
func (d *document) syntax(err error) {
	at, message, value := position{1, 1}, err.Error(), ""
	var ye yaml.Error
	if errors.As(err, &ye) {
		message = ye.GetMessage()
		if tk := ye.GetToken(); tk != nil && tk.Position != nil {
			at = place(tk)
			value, _, _ = strings.Cut(strings.TrimSpace(tk.Value), "\n")
		}
	}
	if strings.HasPrefix(message, "found character '\t'") || strings.HasPrefix(message, "tab character") { // what everybody does once
		d.reportAt(at, "", RuleSyntax, shown(value), "", say("tab tidak boleh dipakai, gunakan spasi", "a tab may not be used, use spaces"))
		return
	}
	id := "tulisan YAML tidak dapat dibaca di sini"
	for _, p := range phrases {
		if strings.HasPrefix(message, p.begins) {
			id = p.id
			break
		}
	}
	d.reportAt(at, "", RuleSyntax, shown(value), "", words{
		id: id + " (" + message + ")",
		en: "YAML: " + message,
	})
}

// place is a token's position. The lexer gives a few implied tokens column 0.
func place(tk *token.Token) position {
	if tk == nil || tk.Position == nil {
		return position{1, 1}
	}
	return position{max(tk.Position.Line, 1), max(tk.Position.Column, 1)}
}

func trimBOM(text []byte) []byte {
	if len(text) >= 3 && string(text[:3]) == "\xef\xbb\xbf" {
		return text[3:]
	}
	return text
}

// unixLines turns Windows' line ends into plain ones: with them the lexer counts columns wrongly on the
// lines after. No column that a person counts changes.
func unixLines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// badText finds the first sign that no manifest may hold: what is not UTF-8, NUL and other control
// signs, and signs that reverse the direction of writing and so show something else than is there.
func badText(text []byte) (at position, w words, bad bool) {
	at = position{1, 1}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			return at, say("berkas ini bukan teks UTF-8; simpan ulang sebagai UTF-8",
				"this file is not UTF-8 text; save it as UTF-8"), true
		case forbidden(r):
			return at, say("ada tanda yang tidak terlihat (%s); hapus tanda itu",
				"there is an invisible sign (%s); remove it", fmt.Sprintf("U+%04X", r)), true
		case r == '\n':
			at = position{at.line + 1, 1}
		default:
			at.column++
		}
		i += size
	}
	return position{}, words{}, false
}

// forbidden tells signs that have no place in any text here, line breaks and tabs apart.
func forbidden(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r <= 0x9f:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f:
		return true
	case r == 0x2028, r == 0x2029, r == 0xfeff:
		return true
	}
	return false
}

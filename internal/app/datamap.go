package app

import (
	"cmp"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/pendopo-id/pendopo/internal/config"
	"github.com/pendopo-id/pendopo/internal/web/i18n"
)

//go:embed data-map.yaml
var dataMapText []byte

// DataMap says of each column of the database whether it holds personal data, and of those that do all that
// the law asks.
type DataMap struct {
	Personal    []PersonalField     `yaml:"personal"`
	NotPersonal map[string][]string `yaml:"not_personal"` // columns by table
}

// PersonalField is a column with personal data.
type PersonalField struct {
	Field     string    `yaml:"field"` // "users.email"
	What      Bilingual `yaml:"what"`
	Whose     string    `yaml:"whose"`
	Purpose   Bilingual `yaml:"purpose"`
	Basis     string    `yaml:"basis"`
	Retention Bilingual `yaml:"retention"`
	SeenBy    []string  `yaml:"seen_by"`
	Stored    string    `yaml:"stored"`
	Why       Bilingual `yaml:"why"` // why in clear
}

// Bilingual is a text in both languages.
type Bilingual struct {
	ID string `yaml:"id"`
	EN string `yaml:"en"`
}

func (b Bilingual) in(en bool) string {
	if en {
		return b.EN
	}
	return b.ID
}

// ReadDataMap reads the embedded map.
func ReadDataMap() (DataMap, error) {
	var m DataMap
	if err := yaml.UnmarshalWithOptions(dataMapText, &m, yaml.Strict()); err != nil {
		return m, fmt.Errorf("data-map.yaml: %w", err)
	}
	return m, nil
}

// Markdown is the map as a page.
func (m DataMap) Markdown(en bool) string {
	say := func(id, english string) string {
		if en {
			return english
		}
		return id
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", say("Peta data pribadi", "The map of personal data"),
		say("Data pribadi apa yang disimpan layanan ini, untuk apa, berapa lama, dan siapa yang melihatnya (UU 27/2022 Pasal 31). Pasal yang disebut adalah pasal UU 27/2022.\nDitulis dari `internal/app/data-map.yaml`; `pendopo data-map` mencetaknya.",
			"What personal data the service keeps, what for, for how long, and who sees it (UU 27/2022 Pasal 31). The\narticles are those of UU 27/2022. Written from `internal/app/data-map.yaml`; `pendopo data-map --lang en` prints it."))
	fmt.Fprintf(&b, "| %s |\n|---|---|---|---|---|---|---|---|\n",
		say("Kolom | Apa | Milik | Tujuan | Dasar | Masa simpan | Dilihat oleh | Disimpan", "Column | What | Whose | Purpose | Basis | Retention | Seen by | Stored"))
	for _, f := range m.Personal {
		stored := dataWord(f.Stored, en)
		seen := make([]string, len(f.SeenBy))
		for i, who := range f.SeenBy {
			seen[i] = dataWord(who, en)
		}
		if why := f.Why.in(en); why != "" {
			stored += ": " + why
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", f.Field, f.What.in(en), dataWord(f.Whose, en), f.Purpose.in(en),
			f.Basis, f.Retention.in(en), strings.Join(seen, ", "), stored)
	}
	b.WriteString(say(`
Disimpan: disegel = dengan kunci daerah itu sendiri; indeks = sidik berkunci untuk pencarian; nama samaran =
sidik berkunci; sidik = satu arah; pengenal = acak; apa adanya = terbaca, dengan alasan.
`, `
Stored: sealed = under the region's own keys; index = keyed hash for look-up; pseudonym = keyed hash; hash = one
way; identifier = random; clear = as it is, with the reason.
`))
	return b.String()
}

// dataWords are the map's own words in Indonesian.
var dataWords = map[string]string{
	"staff": "petugas", "staff and whoever tries to sign in": "petugas dan siapa pun yang mencoba masuk",
	"whoever claims a region": "siapa pun yang mendaftarkan daerah",
	"self":                    "yang bersangkutan", "host": "pengelola layanan", "nobody": "tidak ada",
	"sealed": "disegel", "index": "indeks", "pseudonym": "nama samaran", "hash": "sidik", "identifier": "pengenal", "clear": "apa adanya",
}

func dataWord(word string, en bool) string {
	switch {
	case en:
		return word
	case i18n.Has("web.role." + word):
		return i18n.For(i18n.ID).T("web.role." + word)
	}
	return cmp.Or(dataWords[word], word)
}

func dataMap(_ context.Context, e env, args []string) error {
	var lang *language
	_, rest, _, err := settings("data-map", e, config.Default(), args, func(fs *flag.FlagSet) {
		lang = languageFlag(fs)
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("data-map takes no arguments, not %q", rest)
	}
	m, err := ReadDataMap()
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(e.stdout, m.Markdown(lang.en()))
	return err
}

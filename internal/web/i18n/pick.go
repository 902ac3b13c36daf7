package i18n

import (
	_ "embed"
	"strings"

	"golang.org/x/text/language"
)

//go:embed text.yaml
var own []byte

var _ = Register("internal/web/i18n/text.yaml", own)

// Parse reads a locale's name. Anything but "id" and "en" is not ok.
func Parse(s string) (Locale, bool) {
	switch Locale(s) {
	case ID, EN:
		return Locale(s), true
	}
	return ID, false
}

// Pick chooses the language: what the person chose before (the cookie), else what the browser asks for.
// English is given only to who does not list Indonesian at all, or Malay, Javanese or Sundanese: many phones here
// are set to English by their shop, and their owners came for a page in Indonesian. No header at all, or
// one that cannot be read, is Indonesian.
func Pick(cookie, acceptLanguage string) Locale {
	if l, ok := Parse(cookie); ok {
		return l
	}
	const long = 200 // a real header is shorter; a made one shall not cost us time
	if acceptLanguage == "" || len(acceptLanguage) > long {
		return ID
	}
	tags, weights, err := language.ParseAcceptLanguage(strings.ReplaceAll(acceptLanguage, "_", "-"))
	if err != nil {
		return ID
	}
	english := false
	for i, tag := range tags {
		if weights[i] <= 0 {
			continue
		}
		base, _ := tag.Base()
		region, certain := tag.Region()
		switch {
		case base.String() == "id", base.String() == "ms", base.String() == "jv", base.String() == "su",
			region.String() == "ID" && certain == language.Exact:
			return ID
		case base.String() == "en":
			english = true
		}
	}
	if english {
		return EN
	}
	return ID
}

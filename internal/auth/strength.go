package auth

import (
	"strings"
	"unicode"

	"github.com/ccojocar/zxcvbn-go"

	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/tenant"
)

// MinStrength is how strong a password must be that somebody chooses: 3 of 4, some ten thousand million guesses.
const MinStrength = 3

// maxLooked bounds what of a password is looked at: the work grows faster than the length.
const maxLooked = 64

// guessable are words that people here begin with, which the library's English lists do not have.
var guessable = []string{
	"pendopo", "mpp", "mall", "mal", "pelayanan", "publik", "petugas", "loket", "antrean", "antrian", "dinas", "pemda", "kabupaten", "kota",
	"indonesia", "merdeka", "pancasila", "garuda", "nusantara", "jakarta", "bismillah", "alhamdulillah", "rahasia", "sandi", "katasandi", "kunci",
	"sayang", "cinta", "selamat", "semangat", "sukses", "bahagia", "januari", "februari", "maret", "april", "mei", "juni", "juli", "agustus",
	"september", "oktober", "november", "desember", "senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu",
}

// Strength tells how hard a password is to guess, from 0 to 4, for somebody who knows whose it is: their name, their
// address and their region are the first that is tried. One that is too short is 0.
func Strength(t *tenant.Tenant, a *authz.Actor, password string) int {
	signs := []rune(password)
	if len(signs) < MinPassword {
		return 0
	}
	known := guessable
	for _, about := range []string{a.Name, a.Email, t.Name, t.Slug, t.Code} {
		known = append(known[:len(known):len(known)], words(about)...)
	}
	return zxcvbn.PasswordStrength(string(signs[:min(len(signs), maxLooked)]), known).Score
}

// words are a text's words, and all of it, as people type them.
func words(s string) []string {
	s = strings.ToLower(s)
	apart := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	out := append(strings.FieldsFunc(s, apart), strings.Join(strings.FieldsFunc(s, apart), ""), s)
	var long []string
	for _, w := range out {
		if len(w) > 2 {
			long = append(long, w)
		}
	}
	return long
}

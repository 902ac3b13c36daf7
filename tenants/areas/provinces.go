package areas

import "time"

// shorts are the names on small map tiles, where "Kepulauan Bangka Belitung" has no room. They are
// the abbreviations that people use; a province that is missing here is short enough already.
var shorts = map[string]string{
	"12": "Sumut", "13": "Sumbar", "16": "Sumsel", "19": "Babel", "21": "Kepri",
	"31": "Jakarta", "32": "Jabar", "33": "Jateng", "34": "DIY", "35": "Jatim",
	"52": "NTB", "53": "NTT",
	"61": "Kalbar", "62": "Kalteng", "63": "Kalsel", "64": "Kaltim", "65": "Kaltara",
	"71": "Sulut", "72": "Sulteng", "73": "Sulsel", "74": "Sultra", "76": "Sulbar",
	"82": "Malut", "95": "Papua Peg.", "96": "Papua B. Daya",
}

// zones by province, after Keppres 41/1987 and the provinces made since: Kalimantan is divided, and
// no province lies in two zones.
var zones = map[string]string{
	"11": "WIB", "12": "WIB", "13": "WIB", "14": "WIB", "15": "WIB", "16": "WIB", "17": "WIB",
	"18": "WIB", "19": "WIB", "21": "WIB",
	"31": "WIB", "32": "WIB", "33": "WIB", "34": "WIB", "35": "WIB", "36": "WIB",
	"61": "WIB", "62": "WIB",
	"51": "WITA", "52": "WITA", "53": "WITA",
	"63": "WITA", "64": "WITA", "65": "WITA",
	"71": "WITA", "72": "WITA", "73": "WITA", "74": "WITA", "75": "WITA", "76": "WITA",
	"81": "WIT", "82": "WIT",
	"91": "WIT", "92": "WIT", "93": "WIT", "94": "WIT", "95": "WIT", "96": "WIT",
}

var locations = map[string]*time.Location{
	"WIB":  time.FixedZone("WIB", 7*60*60),
	"WITA": time.FixedZone("WITA", 8*60*60),
	"WIT":  time.FixedZone("WIT", 9*60*60),
}

func zoneOf(province string) string { return zones[province] }

// islands groups provinces by the first digit of their code, which is how the Ministry numbers the
// archipelago: 1 and 2 Sumatra, 3 Java, 5 Bali and Nusa Tenggara, 6 Kalimantan, 7 Sulawesi, 8 Maluku,
// 9 Papua.
func islands(province string) byte {
	if province == "" {
		return 0
	}
	if province[0] == '2' {
		return '1'
	}
	return province[0]
}

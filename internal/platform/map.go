package platform

// island is a group of tiles on the cartogram, with its heading, whose text the key names. Columns are 1 to 17, rows 1
// to 8. It is our own drawing, and no edge of it claims to be a border.
type island struct {
	key   string
	class string
	tiles []place
}

type place struct{ code, class string }

// islands is the map, from west to east. The classes are those of map.css: c column, r row, s span.
var islands = []island{
	{"platform.island.sumatera", "c1 r6 s2", []place{
		{"11", "c1 r1"}, {"12", "c2 r2"}, {"13", "c2 r3"}, {"14", "c3 r3"}, {"21", "c4 r2"},
		{"15", "c3 r4"}, {"17", "c3 r5"}, {"16", "c4 r5"}, {"19", "c5 r4"}, {"18", "c4 r6"},
	}},
	{"platform.island.jawa", "c5 r8 s2", []place{
		{"36", "c5 r7"}, {"31", "c6 r6"}, {"32", "c6 r7"}, {"33", "c7 r7"}, {"34", "c7 r8"}, {"35", "c8 r7"},
	}},
	{"platform.island.nusa", "c9 r7 s3", []place{{"51", "c9 r8"}, {"52", "c10 r8"}, {"53", "c11 r8"}}},
	{"platform.island.kalimantan", "c6 r2 s2", []place{
		{"61", "c7 r3"}, {"62", "c7 r4"}, {"63", "c8 r4"}, {"64", "c8 r3"}, {"65", "c8 r2"},
	}},
	{"platform.island.sulawesi", "c10 r1 s2", []place{
		{"71", "c12 r2"}, {"75", "c11 r2"}, {"72", "c10 r3"}, {"76", "c10 r4"}, {"74", "c11 r4"}, {"73", "c10 r5"},
	}},
	{"platform.island.maluku", "c12 r6 s2", []place{{"82", "c13 r3"}, {"81", "c13 r5"}}},
	{"platform.island.papua", "c16 r2 s2", []place{
		{"96", "c14 r3"}, {"92", "c15 r3"}, {"91", "c17 r3"}, {"94", "c16 r4"}, {"95", "c17 r4"}, {"93", "c17 r5"},
	}},
}

// shade is how dark a tile is: 0 for none, then under 40, 60 and 80 percent, and from 80 on. The figures stand on the
// tile as well, so that nobody needs the colour.
func shade(open, of int) string {
	switch {
	case open == 0 || of == 0:
		return "0"
	case open*100 < of*40:
		return "1"
	case open*100 < of*60:
		return "2"
	case open*100 < of*80:
		return "3"
	}
	return "4"
}

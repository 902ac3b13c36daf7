package propose

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// say formats both languages with the same values.
func say(id, en string, values ...any) Text {
	return Text{fmt.Sprintf(id, values...), fmt.Sprintf(en, values...)}
}

// with puts texts into a sentence, each language its own.
func with(id, en string, texts ...Text) Text {
	ids, ens := make([]any, len(texts)), make([]any, len(texts))
	for i, t := range texts {
		ids[i], ens[i] = t.ID, t.EN
	}
	return Text{fmt.Sprintf(id, ids...), fmt.Sprintf(en, ens...)}
}

// plain is a text that is the same in both languages.
func plain(s string) Text { return Text{s, s} }

// whole is a number as people say it: nobody means a tenth of a visitor. Below one it is one.
func whole(f float64) Text { return plain(strconv.Itoa(max(int(math.Round(f)), 1))) }

// percent is a share of 1.
func percent(f float64) Text { return plain(strconv.Itoa(int(f*100+0.5)) + "%") }

var dayNames = [7]string{"Minggu", "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu"}

// DaysText names weekdays: "Senin dan Kamis".
func DaysText(days []time.Weekday) Text {
	var ids, ens []string
	for _, d := range days {
		ids, ens = append(ids, dayNames[d]), append(ens, d.String())
	}
	return Text{list(ids, "dan"), list(ens, "and")}
}

func list(items []string, and string) string {
	switch n := len(items); n {
	case 0:
		return ""
	case 1:
		return items[0]
	case 2:
		return items[0] + " " + and + " " + items[1]
	default:
		return strings.Join(items[:n-1], ", ") + ", " + and + " " + items[n-1]
	}
}

// counters counts counters.
func counters(n int) Text {
	if n == 1 {
		return Text{"satu loket", "one counter"}
	}
	return say("%d loket", "%d counters", n)
}

package propose

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/pendopo-id/pendopo/tenants"
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

// DaysText names weekdays: "Senin dan Kamis".
func DaysText(days []time.Weekday) Text {
	var week tenants.Week
	for _, d := range days {
		week[d] = true
	}
	id, en := week.Words()
	return Text{id, en}
}

// counters counts counters.
func counters(n int) Text {
	if n == 1 {
		return Text{"satu loket", "one counter"}
	}
	return say("%d loket", "%d counters", n)
}

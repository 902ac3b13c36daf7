package signin

import "strings"

// A browser names itself in a text that also names its ancestors: the first that fits is meant.
var browsers = [][2]string{
	{"SamsungBrowser/", "Samsung Internet"}, {"OPR/", "Opera"}, {"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"UCBrowser/", "UC Browser"},
	{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
}

var systems = [][2]string{
	{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"CrOS", "ChromeOS"},
	{"Macintosh", "Mac"}, {"Linux", "Linux"},
}

// device is the kind of device that a User-Agent tells of, as people know it: "Chrome, Windows". It is coarse on
// purpose, without versions: enough to know one's own, too little to know a person by. "" is one that says nothing
// we know.
func device(agent string) string {
	find := func(list [][2]string) string {
		for _, e := range list {
			if strings.Contains(agent, e[0]) {
				return e[1]
			}
		}
		return ""
	}
	browser, system := find(browsers), find(systems)
	switch {
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + ", " + system
}

package api

import "strings"

// agentWords are a browser in a few words, of its User-Agent: "Firefox, Windows". Nothing else of it is kept.
func agentWords(header string) string {
	pick := func(marks ...string) string {
		for i := 0; i < len(marks); i += 2 {
			if strings.Contains(header, marks[i]) {
				return marks[i+1]
			}
		}
		return ""
	}
	// In the order in which they pretend to be each other.
	browser := pick("MicroMessenger", "WeChat", "Edg", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "FxiOS", "Firefox", "Chrom", "Chromium", "CriOS", "Chrome", "Safari/", "Safari", "curl/", "curl")
	system := pick("HarmonyOS", "HarmonyOS", "Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS X", "macOS", "Linux", "Linux")
	switch {
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + ", " + system
}

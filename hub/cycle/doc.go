// Package cycle is how a month, quarter or year goes from counting to its
// publication (月统计、季通报、年考核, 63号 第八条, 第十五条): computed, reviewed, open to
// appeals, published, and revised where something becomes known later. It keeps
// what was published for good and refuses to know how scores are made.
//
// It is pure: commands may refuse, Fold cannot fail.
package cycle

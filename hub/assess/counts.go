package assess

// Counted is something that is counted, and what people call it.
type Counted struct {
	ID string `json:"id"`
	Words
}

// Counts are what indicators are made of. They are the program's.
func Counts() []Counted {
	return []Counted{
		{"visits", Words{"办理数", "visits"}},
		{"open", Words{"待评数", "visits that can still be rated"}},
		{"passed", Words{"转出未评数", "visits sent on without a rating"}},
		{"excluded", Words{"剔除数", "excluded ratings"}},
		{"rateable", Words{"应评数", "rateable visits"}},
		{"pressed", Words{"已评数", "ratings received"}},
		{"unrated", Words{"未评数", "visits without a rating"}},
		{"level_5", Words{"非常满意数", "very satisfied"}},
		{"level_4", Words{"满意数", "satisfied"}},
		{"level_3", Words{"基本满意数", "fairly satisfied"}},
		{"level_2", Words{"不满意数", "dissatisfied"}},
		{"level_1", Words{"非常不满意数", "very dissatisfied"}},
		{"corrected", Words{"更正数", "corrected ratings"}},
		{"invalid", Words{"无效按键数", "invalid presses"}},
		{"cases_due", Words{"应整改差评数", "bad reviews due to be rectified"}},
		{"cases_in_time", Words{"按期整改差评数", "bad reviews rectified in time"}},
		{"cases_contact", Words{"实名差评数", "bad reviews with a phone number"}},
		{"cases_revisited", Words{"已回访实名差评数", "of these, citizens called back"}},
	}
}

// counts are the same as fields that a formula can name.
func counts() (fields []Field) {
	for _, c := range Counts() {
		fields = append(fields, Field{Name: c.ID, Type: Number, Unit: "times", Words: c.Words})
	}
	return fields
}

#!/usr/bin/env bash
# Makes the clips of which calls and notices are put together, into
# web-kiosk/src/voice/clips: one Opus file each, mono, without silence at its ends
# and equally loud. A person who records a clip under the same name replaces it;
# see web-kiosk/src/voice/README.md.
#
#   scripts/voice.sh [name…]     only these, e.g. zh-hao en-ticket
set -euo pipefail
cd "$(dirname "$0")/../web-kiosk/src/voice/clips"

for tool in espeak-ng ffmpeg; do
    command -v "$tool" >/dev/null || { echo "this needs: sudo apt-get install --no-install-recommends espeak-ng ffmpeg" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wanted=" $* "

trim=silenceremove=start_periods=1:start_threshold=-45dB,areverse,silenceremove=start_periods=1:start_threshold=-45dB,areverse
finish() { # name: $work/raw.wav becomes a clip. Loudness is measured over the whole clip: filters that follow it fail on half a second.
    ffmpeg -nostdin -loglevel error -y -i "$work/raw.wav" -af "$trim" "$work/cut.wav"
    local mean
    mean=$(ffmpeg -nostdin -i "$work/cut.wav" -af volumedetect -f null - 2>&1 | sed -n 's/.*mean_volume: \(.*\) dB/\1/p')
    ffmpeg -nostdin -loglevel error -y -i "$work/cut.wav" -af "volume=$(awk "BEGIN {print -19 - ($mean)}")dB,alimiter=limit=0.8:level=disabled,aresample=48000" \
        -ac 1 -c:a libopus -b:a 24k -application voip -map_metadata -1 -fflags +bitexact -flags:a +bitexact "$1.opus"
}
asked() { [[ $wanted == "  " || $wanted == *" $1 "* ]]; }
zh() { # name, text in pinyin with tones
    asked "zh-$1" || return 0
    espeak-ng -v cmn-latn-pinyin -s 165 -p 55 -w "$work/raw.wav" "$2" && finish "zh-$1"
}
en() { # name, text
    asked "en-$1" || return 0
    espeak-ng -v en-gb -s 150 -p 50 -w "$work/raw.wav" "$2" && finish "en-$1"
}

digits=(ling2 yi1 er4 san1 si4 wu3 liu4 qi1 ba1 jiu3)
words=(zero one two three four five six seven eight nine)
for n in {0..9}; do zh "$n" "${digits[n]}"; en "$n" "${words[n]}"; done
# Letters are said as they are in both languages: Mandarin has no names for them.
for letter in {A..Z}; do
    asked "letter-$letter" || continue
    espeak-ng -v en-gb -s 140 -p 55 -w "$work/raw.wav" "$letter" && finish "letter-$letter"
done

zh please "qing3"
zh number "hao4"
zh ten "shi2"
zh to "dao4"
zh window "hao4 chuang1 kou3 ban4 li3"
zh left "qing3 wang3 zuo3 zou3"
zh right "qing3 wang3 you4 zou3"
zh ahead "qing3 wang3 qian2 zou3"
zh behind "qing3 wang3 hou4 zou3"
zh up "qing3 shang4 lou2"
zh down "qing3 xia4 lou2"
en ticket "ticket"
en window "please go to window"
en left "to the left"
en right "to the right"
en ahead "straight ahead"
en behind "behind you"
en up "upstairs"
en down "downstairs"

zh closing_soon "ge4 wei4 ban4 shi4 qun2 zhong4, ben3 da4 ting1 ji2 jiang1 xia4 ban1, qing3 wei4 qu3 hao4 de5 qun2 zhong4 ming2 tian1 zai4 lai2"
en closing_soon "The hall closes soon. If you have no ticket yet, please come again tomorrow."
zh closed "ben3 da4 ting1 jin1 tian1 yi3 jing1 xia4 ban1, gan3 xie4 nin2 de5 pei4 he2"
en closed "The hall is closed for today. Thank you."
zh keep_belongings "qing3 bao3 guan3 hao3 sui2 shen1 wu4 pin3"
en keep_belongings "Please keep your belongings with you."
zh emergency_leave "qing3 zhu4 yi4, qing3 an4 zhao4 gong1 zuo4 ren2 yuan2 de5 zhi3 yin3, you3 xu4 li2 kai1 da4 ting1"
en emergency_leave "Attention please. Leave the hall calmly and follow the staff."
zh system_down "xi4 tong3 zan4 shi2 gu4 zhang4, zheng4 zai4 qiang3 xiu1, qing3 nin2 shao1 hou4"
en system_down "The system is out of order for the moment. We are mending it. Please wait."

if asked chime; then # two soft tones, a fourth apart
    ffmpeg -nostdin -loglevel error -y -f lavfi -i "aevalsrc='0.5*sin(2*PI*784*t)*exp(-4*t)*min(1,t*200)+if(gt(t,0.35),0.5*sin(2*PI*587*(t-0.35))*exp(-3.5*(t-0.35))*min(1,(t-0.35)*200),0)':d=1.3:s=48000" \
        -af "volume=-6dB,afade=t=out:st=1.1:d=0.2" -ac 1 -c:a libopus -b:a 32k -map_metadata -1 -fflags +bitexact -flags:a +bitexact chime.opus
fi

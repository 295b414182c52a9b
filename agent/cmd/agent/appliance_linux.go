package main

import (
	"context"
	"flag"
	"io"
	"os"

	"hallkeeper/agent/appliance"
)

// runAppliance is the appliance image's only program: it keeps the agent going.
func runAppliance(ctx context.Context, args []string, stdout io.Writer) error {
	c := appliance.Defaults()
	c.Clock = trustedClock()
	if self, err := os.Executable(); err == nil {
		c.Program = self
	}
	shown, err := flags("appliance", args, stdout, func(fs *flag.FlagSet) {
		fs.StringVar(&c.Settings, "settings", c.Settings, "持久分区里的设置文件夹 / `DIR` on the persistent partition with enrol.yaml, agent.yaml and the data")
		fs.StringVar(&c.Default, "default", c.Default, "镜像里的代理设置 / settings `FILE` of an agent that has none of its own")
		fs.StringVar(&c.Console, "console", c.Console, "控制台 / `DEVICE` where a person reads")
		fs.BoolVar(&c.KeepTime, "keep-time", c.KeepTime, "按主机的时间设置时钟 / set the clock by the hub's")
	})
	if shown || err != nil {
		return err
	}
	return appliance.Run(ctx, c, stdout)
}

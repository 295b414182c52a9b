package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"hallkeeper/hub/access"
	"hallkeeper/hub/app"
	"hallkeeper/hub/queue"
	"hallkeeper/wire"
)

// demoService is a service of the demo's department of that index.
type demoService struct {
	department int
	wire.ServiceSet
}

// demoServices are services as county halls have them; the number before the name
// is the one of its department in departments.
func demoServices() []demoService {
	morning := []wire.BookingSlot{{From: "09:00", Until: "10:00", Capacity: 4}, {From: "10:00", Until: "11:00", Capacity: 4}, {From: "14:30", Until: "15:30", Capacity: 4}, {From: "15:30", Until: "16:30", Capacity: 4}}
	return []demoService{
		{0, wire.ServiceSet{Service: "general", Name: "综合咨询与受理", Prefix: "A", Words: []string{"咨询", "问事", "不知道找谁"}, Common: true,
			Documents: []string{"本人身份证"}, Limit: "当场答复", Fee: "不收费", WaitMax: 15, ServiceMax: 15}},
		{1, wire.ServiceSet{Service: "company", Name: "企业设立登记", Prefix: "B", Words: []string{"开公司", "注册公司", "营业执照"}, Common: true,
			Documents: []string{"登记申请书", "公司章程", "股东身份证明", "住所使用证明"}, Sample: "填表台 1 号", Limit: "1 个工作日", Fee: "不收费", WaitMax: 20, ServiceMax: 30, Slots: morning}},
		{1, wire.ServiceSet{Service: "trader", Name: "个体工商户登记", Prefix: "BG", Words: []string{"开店", "个体户"},
			Documents: []string{"登记申请书", "经营者身份证", "经营场所证明"}, Sample: "填表台 1 号", Limit: "当场办结", Fee: "不收费", WaitMax: 20, ServiceMax: 20}},
		{1, wire.ServiceSet{Service: "food", Name: "食品经营许可", Prefix: "BS", Words: []string{"开饭店", "餐饮证", "卫生证"},
			Documents: []string{"许可申请书", "营业执照", "经营场所平面图", "食品安全管理制度"}, Sample: "填表台 1 号", Limit: "10 个工作日", Fee: "不收费", WaitMax: 20, ServiceMax: 25}},
		{2, wire.ServiceSet{Service: "estate", Name: "不动产转移登记", Prefix: "C", Words: []string{"房产过户", "二手房", "房产证"}, Common: true,
			Documents: []string{"登记申请书", "双方身份证", "不动产权证书", "买卖合同", "完税证明"}, Sample: "填表台 2 号", Limit: "3 个工作日", Fee: "住宅 80 元／件", WaitMax: 30, ServiceMax: 30, Slots: morning}},
		{2, wire.ServiceSet{Service: "mortgage", Name: "不动产抵押登记", Prefix: "CD", Words: []string{"房屋抵押", "按揭"},
			Documents: []string{"登记申请书", "抵押合同", "主债权合同", "不动产权证书"}, Sample: "填表台 2 号", Limit: "1 个工作日", Fee: "住宅 80 元／件", WaitMax: 30, ServiceMax: 25}},
		{3, wire.ServiceSet{Service: "pension", Name: "社会保险参保登记", Prefix: "D", Words: []string{"交社保", "养老保险", "灵活就业"}, Common: true,
			Documents: []string{"本人身份证", "银行卡"}, Limit: "当场办结", Fee: "不收费", WaitMax: 20, ServiceMax: 15}},
		{3, wire.ServiceSet{Service: "retire", Name: "退休待遇核定", Prefix: "DT", Words: []string{"办退休", "退休金"},
			Documents: []string{"本人身份证", "户口簿", "职工档案", "近期照片 2 张"}, Sample: "填表台 3 号", Limit: "20 个工作日", Fee: "不收费", WaitMax: 30, ServiceMax: 30}},
		{4, wire.ServiceSet{Service: "medical", Name: "医保参保与报销", Prefix: "E", Words: []string{"看病报销", "医保", "新农合", "异地就医"}, Common: true,
			Documents: []string{"本人身份证", "医疗费用票据", "费用清单", "诊断证明"}, Limit: "30 个工作日", Fee: "不收费", WaitMax: 20, ServiceMax: 20}},
		{5, wire.ServiceSet{Service: "tax", Name: "房产交易缴税", Prefix: "F", Words: []string{"契税", "交税"}, Common: true,
			Documents: []string{"双方身份证", "买卖合同", "不动产权证书", "家庭住房证明"}, Limit: "当场办结", Fee: "按税法计征", WaitMax: 25, ServiceMax: 20}},
		{5, wire.ServiceSet{Service: "invoice", Name: "代开发票", Prefix: "FP", Words: []string{"开票", "发票"},
			Documents: []string{"本人身份证", "经营业务证明"}, Limit: "当场办结", Fee: "按税法计征", WaitMax: 20, ServiceMax: 15}},
		{6, wire.ServiceSet{Service: "identity", Name: "居民身份证办理", Prefix: "G", Words: []string{"补身份证", "换身份证", "身份证"}, Common: true,
			Documents: []string{"户口簿", "旧身份证（换领）"}, Limit: "20 个工作日", Fee: "首领免费，换领 20 元，补领 40 元", WaitMax: 20, ServiceMax: 12, Slots: morning}},
		{6, wire.ServiceSet{Service: "household", Name: "户口登记与迁移", Prefix: "GH", Words: []string{"上户口", "迁户口", "新生儿落户"},
			Documents: []string{"户口簿", "身份证", "出生医学证明或迁移证明"}, Sample: "填表台 4 号", Limit: "当场办结", Fee: "不收费", WaitMax: 20, ServiceMax: 20}},
		{7, wire.ServiceSet{Service: "fund", Name: "住房公积金提取", Prefix: "H", Words: []string{"取公积金", "公积金"}, Common: true,
			Documents: []string{"本人身份证", "购房合同或租房证明", "银行卡"}, Limit: "3 个工作日", Fee: "不收费", WaitMax: 20, ServiceMax: 20}},
		{8, wire.ServiceSet{Service: "build", Name: "建筑工程施工许可", Prefix: "J", Words: []string{"施工证", "开工"},
			Documents: []string{"许可申请表", "建设工程规划许可证", "施工合同", "施工图审查合格书"}, Sample: "填表台 5 号", Limit: "5 个工作日", Fee: "不收费", WaitMax: 20, ServiceMax: 40}},
		{9, wire.ServiceSet{Service: "marriage", Name: "婚姻登记", Prefix: "K", Words: []string{"领证", "结婚证", "离婚"}, Common: true,
			Documents: []string{"双方身份证", "近期合影 3 张"}, Sample: "填表台 6 号", Limit: "当场办结", Fee: "不收费", WaitMax: 30, ServiceMax: 25, Slots: morning}},
		{9, wire.ServiceSet{Service: "relief", Name: "最低生活保障申请", Prefix: "KD", Words: []string{"低保", "困难补助"},
			Documents: []string{"户口簿", "身份证", "收入与财产证明"}, Sample: "填表台 6 号", Limit: "30 个工作日", Fee: "不收费", WaitMax: 20, ServiceMax: 25}},
		{10, wire.ServiceSet{Service: "hygiene", Name: "公共场所卫生许可", Prefix: "L", Words: []string{"理发店", "旅馆", "健康证"},
			Documents: []string{"许可申请表", "营业执照", "场所平面图", "检测报告"}, Limit: "10 个工作日", Fee: "不收费", WaitMax: 20, ServiceMax: 25}},
		{11, wire.ServiceSet{Service: "farm", Name: "农机与养殖登记", Prefix: "M", Words: []string{"拖拉机", "养殖场", "农机补贴"},
			Documents: []string{"登记申请表", "身份证", "购机发票或用地证明"}, Limit: "5 个工作日", Fee: "不收费", WaitMax: 20, ServiceMax: 20}},
	}
}

// openLine enters the services; what was changed since stays.
func openLine(ctx context.Context, hub *app.App, windows int, seed uint64) error {
	all := len(departments())
	for _, s := range demoServices() {
		s.Department = fmt.Sprintf("d%02d", s.department+1)
		for w := s.department; w < windows; w += all {
			s.Windows = append(s.Windows, fmt.Sprintf("w%02d", w+1))
		}
		if len(s.Windows) == 0 {
			continue
		}
		if _, _, err := hub.Do(ctx, demoActor(), fmt.Sprintf("demo/%d/%d/service/%s", seed, windows, s.Service), queue.SetService(s.ServiceSet)); err != nil {
			return ignoreEnd(ctx, fmt.Errorf("enter the demo's services: %w", err))
		}
	}
	return nil
}

// demoKeys are the tokens of the demo's kiosk and of its people at the panels. They
// lie beside the demo's data, so that the kiosk's address outlives a start.
type demoKeys struct {
	Kiosk string `json:"kiosk"`
	Panel string `json:"panel"`
}

// openKeys gives the keys of this data folder.
func openKeys(ctx context.Context, hub *app.App, dir string) (k demoKeys, err error) {
	path := filepath.Join(dir, "keys.json")
	text, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(text, &k); err != nil {
			return k, fmt.Errorf("%s is not what the demo wrote; delete it: %w", path, err)
		}
		return k, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	for _, key := range []struct {
		into *string
		role wire.Role
		name string
	}{{&k.Kiosk, wire.RoleScreen, "演示取号机"}, {&k.Panel, wire.RoleSupervisor, "演示员的窗口"}} {
		secret, err := access.NewSecret(rand.Reader)
		if err != nil {
			return k, err
		}
		if _, _, err := hub.Do(ctx, demoActor(), "", access.CreateToken{TokenCreated: wire.TokenCreated{Digest: access.Digest(secret), Role: key.role, Name: key.name}}); err != nil {
			return k, fmt.Errorf("make the demo's keys: %w", err)
		}
		*key.into = secret
	}
	if text, err = json.Marshal(k); err != nil {
		return k, err
	}
	return k, os.WriteFile(path, text, 0o600)
}

// A report as its readers will see it: product, period and language are chosen, and it can be taken along.

import "./reports.css";
import type { Product } from "../../api/budgets";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import { Frame } from "../../budgets/frame";
import { now } from "../../clock";
import { cutMiddle } from "../../format/labels";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { Choice } from "../../parts/tabs";
import { type Language, language, zone } from "../../preferences";
import { href, place, setParams } from "../../router";
import { tb } from "../../texts/budgets";
import { tt } from "../../texts/trials";
import { refresh } from "../../time/range";
import { beginOf, dayOf, type Kind, kindOf, kinds, periodAt, stepped, usual } from "./periods";
import { Preview } from "./preview";
import { Schedules } from "./schedules";

export default function ReportsPage() {
  const text = tt().reports;
  const { data, error, loading } = useResource("products", async signal => {
    return (await get<Product[]>("products", {}, signal)).data;
  });
  return (
    <Frame page="reports" sentence={text.sentence}>
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={text.productsFailed} error={error} onRetry={refresh} />}
      {data !== null && (data.length === 0 ? <Nobody /> : <Chosen products={data} />)}
    </Frame>
  );
}

function Nobody() {
  const text = tt().reports;
  return (
    <div class="empty">
      <p class="why">{text.none}</p>
      <p>{text.noneDo}</p>
      <p>
        <a href={href("products")}>{tb().backToProducts}</a>
      </p>
    </div>
  );
}

function Chosen({ products }: { products: Product[] }) {
  const { params } = place.value;
  const product = params.get("product") ?? products[0]!.name;
  const period = params.get("period") ?? usual;
  const lang = params.get("lang") === "en" ? "en" : params.get("lang") === "zh-CN" ? "zh-CN" : language.value;
  const isKnown = products.some(({ name }) => name === product);
  return (
    <>
      <div class="choosing">
        <ProductChoice products={products} product={product} isKnown={isKnown} />
        <PeriodChoice period={period} />
        <Choice<Language>
          label={tt().reports.language}
          chosen={lang}
          options={[
            ["en", "English"],
            ["zh-CN", "中文"],
          ]}
          onChoose={lang => setParams({ lang })}
        />
      </div>
      {isKnown ? (
        <>
          <Schedules product={product} />
          <Preview product={product} period={period} lang={lang} />
        </>
      ) : (
        <div class="empty">
          <p class="why">{tt().reports.unknown(cutMiddle(product, 80))}</p>
        </div>
      )}
    </>
  );
}

function ProductChoice(props: { products: Product[]; product: string; isKnown: boolean }) {
  const { products, product, isKnown } = props;
  return (
    <select
      aria-label={tt().reports.product}
      value={product}
      onChange={event => setParams({ product: event.currentTarget.value })}
    >
      {!isKnown && <option value={product}>{cutMiddle(product, 40)}</option>}
      {products.map(({ name, title }) => (
        <option key={name} value={name}>
          {cutMiddle(title || name, 40)}
        </option>
      ))}
    </select>
  );
}

function PeriodChoice({ period }: { period: string }) {
  const text = tt().reports;
  const kind = kindOf(period);
  const today = dayOf(now.value, zone.value);
  const next = stepped(period, 1);
  // Of all the days that may be asked for, one number is offered; another one stands beside it.
  const asked = kind === "days" && period !== usual ? Number.parseInt(period, 10) : null;
  const hasNext = kind !== null && kind !== "days" && beginOf(next) <= today;
  return (
    <div class="period">
      <Choice<Kind | "">
        label={text.period}
        chosen={asked === null ? (kind ?? "") : ""}
        options={[
          ...(asked === null ? [] : [["", text.days(asked)] as [Kind | "", string]]),
          ...kinds.map(one => [one, text.kinds[one]] as [Kind | "", string]),
        ]}
        onChoose={one => one !== "" && setParams({ period: periodAt(one, today) })}
      />
      {kind !== "days" && (
        <span class="stepping">
          <button
            type="button"
            class="quiet"
            aria-label={text.back}
            title={text.back}
            disabled={kind === null}
            onClick={() => setParams({ period: stepped(period, -1) })}
          >
            ←
          </button>
          <b>{cutMiddle(period, 20)}</b>
          <button
            type="button"
            class="quiet"
            aria-label={text.forth}
            title={text.forth}
            disabled={!hasNext}
            onClick={() => setParams({ period: next })}
          >
            →
          </button>
        </span>
      )}
    </div>
  );
}

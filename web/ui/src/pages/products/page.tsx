// Products: what is promised as a whole, and which of its services spent the budget.

import type { Product } from "../../api/budgets";
import { get, orMissing } from "../../api/client";
import { useResource } from "../../api/resource";
import { Frame } from "../../budgets/frame";
import { Products } from "../../budgets/products";
import { Failure } from "../../parts/failure";
import { Progress } from "../../parts/progress";
import { language } from "../../preferences";
import { href, place } from "../../router";
import { tb } from "../../texts/budgets";
import { refresh } from "../../time/range";
import { Detail } from "./detail";

export default function ProductsPage() {
  const name = place.value.params.get("name");
  return name === null ? <All /> : <One name={name} />;
}

function All() {
  const { data, error, loading } = useResource("products", signal =>
    orMissing(get<Product[]>("products", {}, signal)),
  );
  const text = tb().products;
  const known = data === null || data === "missing" ? null : data.data;
  const exhausted = known?.filter(({ state }) => state === "exhausted").length ?? 0;
  return (
    <Frame page="products" sentence={known === null ? "" : text.sentence(known.length, exhausted)}>
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={text.failed} error={error} onRetry={refresh} />}
      {data === "missing" && (
        <div class="empty">
          <p class="why">{tb().slos.missing}</p>
          <p>{tb().slos.missingDo}</p>
        </div>
      )}
      {known !== null && known.length === 0 && (
        <div class="empty">
          <p class="why">{text.none}</p>
          <p>{text.noneDo}</p>
          <p>
            <a href={href("slos")}>{tb().back}</a>
          </p>
        </div>
      )}
      {known !== null && known.length > 0 && (
        <div class={error === null ? "" : "stale"}>
          <Products products={known} />
        </div>
      )}
    </Frame>
  );
}

function One({ name }: { name: string }) {
  const lang = language.value;
  const { data, error, loading } = useResource(`product ${name} ${lang}`, signal =>
    orMissing(get<Product>(`products/${encodeURIComponent(name)}`, { lang }, signal)),
  );
  const text = tb();
  const product = data === null || data === "missing" ? null : data.data;
  return (
    <Frame page="products" title={product?.title || name} sentence="">
      <p class="way-back">
        <a href={href("products")}>← {text.backToProducts}</a>
      </p>
      <Progress on={loading && data === null} />
      {error !== null && <Failure what={text.products.failed} error={error} onRetry={refresh} />}
      {data === "missing" && (
        <div class="empty">
          <p class="why">{text.products.unknown(name)}</p>
        </div>
      )}
      {product !== null && (
        <div class={error === null ? "" : "stale"}>
          <Detail product={product} />
        </div>
      )}
    </Frame>
  );
}
